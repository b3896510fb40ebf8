import { describe, expect, it } from 'vitest'
import { MOST_HOPS } from '../../src/client/proxy-chain.ts'
import { resolvedClient } from './resolved-client.ts'

const CLIENT = '198.51.100.1'

/** The client behind so many proxies, and the hops for which the trust function was called. */
function behindProxies(count: number): { client: string; askedHops: number[] } {
  const askedHops: number[] = []
  const client = resolvedClient({
    peer: '10.0.0.1',
    headers: { 'x-forwarded-for': [CLIENT, ...Array<string>(count).fill('10.0.0.2')].join(', ') },
    trustProxy: (address, hop) => {
      askedHops.push(hop)
      return address.startsWith('10.')
    },
  })
  return { client, askedHops }
}

describe('the search for the client behind proxies', () => {
  it('asks for each hop from the peer to the client whether it is trusted', () => {
    expect(behindProxies(2)).toEqual({ client: CLIENT, askedHops: [0, 1, 2, 3] })
  })

  it('reads 64 hops', () => {
    expect(MOST_HOPS).toBe(64)
    expect(behindProxies(63).client).toBe(CLIENT)
  })

  it('does not read the 65th hop, even if all are trusted', () => {
    expect(behindProxies(64).client).toBe('10.0.0.2')
  })

  it('asks for 64 hops if the header has 1500 entries', () => {
    const { client, askedHops } = behindProxies(1500)
    expect(client).toBe('10.0.0.2')
    expect(askedHops).toEqual(Array.from({ length: 64 }, (_, hop) => hop))
  })

  it('ends at the peer if the header is empty', () => {
    expect(resolvedClient({ peer: '10.0.0.1', headers: { 'x-forwarded-for': '' }, trustProxy: 1 })).toBe(
      '10.0.0.1',
    )
  })

  it('ends at the left-most hop if all are trusted', () => {
    const headers = { 'x-forwarded-for': '10.0.0.3, 10.0.0.2' }
    expect(resolvedClient({ peer: '10.0.0.1', headers, trustProxy: '10.0.0.0/8' })).toBe('10.0.0.3')
  })
})
