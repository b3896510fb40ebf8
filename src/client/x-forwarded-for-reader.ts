import { parseHop, trimBlanks } from './hop.ts'
import type { HopReader } from './proxy-chain.ts'

/** Reads `X-Forwarded-For` from the right. Entries that are not read cost nothing. */
export function readXForwardedFor(header: string): HopReader {
  let end = header.length
  return () => {
    if (end < 0) return undefined
    const comma = end === 0 ? -1 : header.lastIndexOf(',', end - 1)
    const entry = header.slice(comma + 1, end)
    end = comma
    return parseHop(trimBlanks(entry))
  }
}

/** Reads a header with a single address, such as `cf-connecting-ip`. */
export function readSingleAddress(header: string): HopReader {
  let unread = true
  return () => {
    if (!unread) return undefined
    unread = false
    return parseHop(trimBlanks(header))
  }
}
