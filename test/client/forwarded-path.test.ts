import { describe, expect, it } from 'vitest'
import { MOST_HOPS } from '../../src/client/forwarded-path.ts'
import { resolvedClient } from './resolved-client.ts'

const CLIENT = '198.51.100.1'

/** The client behind so many proxies that all report each other, and how often trust was asked for. */
function behindProxies(count: number): { client: string; asked: number[] } {
  const asked: number[] = []
  const client = resolvedClient({
    peer: '10.0.0.1',
    headers: { 'x-forwarded-for': [CLIENT, ...Array<string>(count).fill('10.0.0.2')].join(', ') },
    trustProxy: (address, hop) => {
      asked.push(hop)
      return address.startsWith('10.')
    },
  })
  return { client, asked }
}

describe('the walk over the hops', () => {
  it('asks for trust from the peer on, hop by hop, and not for the client once it is found', () => {
    expect(behindProxies(2)).toEqual({ client: CLIENT, asked: [0, 1, 2, 3] })
  })

  it('reads 64 hops', () => {
    expect(MOST_HOPS).toBe(64)
    expect(behindProxies(63).client).toBe(CLIENT)
  })

  it('reads no 65th, whoever is trusted', () => {
    expect(behindProxies(64).client).toBe('10.0.0.2')
  })

  it('costs no more for 1500 entries than for 64', () => {
    const { client, asked } = behindProxies(1500)
    expect(client).toBe('10.0.0.2')
    expect(asked).toEqual(Array.from({ length: 64 }, (_, hop) => hop))
  })

  it('ends with the peer when the header holds nothing', () => {
    expect(resolvedClient({ peer: '10.0.0.1', headers: { 'x-forwarded-for': '' }, trustProxy: 1 })).toBe(
      '10.0.0.1',
    )
  })

  it('ends with the left-most hop when all are trusted', () => {
    const headers = { 'x-forwarded-for': '10.0.0.3, 10.0.0.2' }
    expect(resolvedClient({ peer: '10.0.0.1', headers, trustProxy: '10.0.0.0/8' })).toBe('10.0.0.3')
  })
})
