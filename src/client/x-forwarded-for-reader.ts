import { parseHop, parseHopWithPort, trimBlanks } from './hop.ts'
import { type HopReader, MOST_HOPS } from './proxy-chain.ts'

/**
 * Reads `X-Forwarded-For` from the right. Entries that are not read cost nothing.
 *
 * Empty elements of a list are ignored (RFC 9110, 5.6.1). But an empty right-most one ends the reading: there the
 * nearest proxy should have named its client, and the next entry may be forged.
 */
export function readXForwardedFor(header: string): HopReader {
  let end = header.length
  let elements = 0
  return () => {
    while (end >= 0 && elements < MOST_HOPS) {
      const comma = end === 0 ? -1 : header.lastIndexOf(',', end - 1)
      const entry = trimBlanks(header.slice(comma + 1, end))
      end = comma
      elements++
      if (entry !== '') return parseHop(entry)
      if (elements === 1) break
    }
    end = -1
    return undefined
  }
}

/** Reads a header with a single address, such as `cf-connecting-ip`. */
export function readSingleAddress(header: string): HopReader {
  return readOnce(() => parseHop(trimBlanks(header)))
}

/** Reads `cloudfront-viewer-address`: a single address that always has a port. */
export function readViewerAddress(header: string): HopReader {
  return readOnce(() => parseHopWithPort(trimBlanks(header)))
}

function readOnce(read: HopReader): HopReader {
  let unread = true
  return () => {
    if (!unread) return undefined
    unread = false
    return read()
  }
}
