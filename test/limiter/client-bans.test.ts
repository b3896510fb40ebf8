import { describe, expect, it } from 'vitest'
import { ClientBans } from '../../src/limiter/client-bans.ts'
import type { Ban, Decision } from '../../src/limits/decision.ts'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import { ResilientStore } from '../../src/stores/resilience/resilient-store.ts'
import type { Store } from '../../src/stores/store.ts'
import { FakeClock } from '../../src/tools/testing/fake-clock.ts'
import { allowedDecision, chargeOf } from '../support/charges.ts'
import { emittedBy } from '../support/emitted-warnings.ts'
import { limiterDescriptionOf } from '../support/limiter-description.ts'
import { settingsOf } from '../support/parsed-settings.ts'
import { rejectionOf } from '../support/thrown-by.ts'

/** What was asked of a store, call by call. */
type Calls = (readonly [method: string, key: string, forMs?: number])[]

interface Banning {
  readonly bans: ClientBans
  readonly calls: Calls
}

/** Bans of a limiter with these options, on a store that notes what it is asked. */
function banning(options: object, overrides: Partial<Store> = {}): Banning {
  const calls: Calls = []
  const store: Store = {
    consume: () => allowedDecision(),
    block: (key, forMs) => void calls.push(['block', key, forMs]),
    unblock: (key) => void calls.push(['unblock', key]),
    ...overrides,
  }
  const guarded = new ResilientStore(store, { limiter: limiterDescriptionOf('api'), deadlineMs: 100 })
  return { bans: new ClientBans(settingsOf(options), guarded, limiterDescriptionOf('api')), calls }
}

const refusedWith = (ban?: Ban): Decision => ({
  ...allowedDecision(0),
  allowed: false,
  retryAfterMs: 5000,
  ...(ban === undefined ? {} : { ban }),
})

const down = (): never => {
  throw new Error('The store is down')
}

describe('block and unblock', () => {
  it('reach the keys of a client in all classes', async () => {
    const { bans, calls } = banning({ name: 'a:b' })
    await bans.block('2001:db8::/56', 5000)
    await bans.unblock('2001:db8::/56')
    expect(calls).toEqual([
      ['block', 'a%3Ab:read:2001:db8::/56', 5000],
      ['block', 'a%3Ab:write:2001:db8::/56', 5000],
      ['block', 'a%3Ab:preflight:2001:db8::/56', 5000],
      ['unblock', 'a%3Ab:read:2001:db8::/56'],
      ['unblock', 'a%3Ab:write:2001:db8::/56'],
      ['unblock', 'a%3Ab:preflight:2001:db8::/56'],
    ])
  })

  it('write no key of a class without a limit', async () => {
    const { bans, calls } = banning({ read: false, preflight: false })
    await bans.block('client', 5000)
    await bans.unblock('client')
    expect(calls).toEqual([
      ['block', 'default:write:client', 5000],
      ['unblock', 'default:write:client'],
    ])
  })

  it('fail where the store fails: the caller must learn that nothing was done', async () => {
    const { bans } = banning({ preflight: false }, { block: down, unblock: async () => down() })
    for (const failing of [bans.block('client', 5000), bans.unblock('client')]) {
      const error = await rejectionOf(failing)
      expect(error.code).toBe('store_failed')
      expect(error.message).toBe('the store failed: The store is down. Look at the store and its logs.')
    }
  })
})

describe('a ban that a refusal started', () => {
  const brandNew = { endsInMs: 7000, isNew: true }

  it.each([
    ['read', 'write'],
    ['write', 'read'],
  ] as const)('in %s spreads to %s, for as long, before anything else happens', (own, other) => {
    const { bans, calls } = banning({})
    bans.spread(`default:${own}:client`, refusedWith(brandNew))
    expect(calls).toEqual([
      ['block', `default:${other}:client`, 7000],
      ['block', 'default:preflight:client', 7000],
    ])
  })

  it('spreads to no class without a limit', () => {
    const { bans, calls } = banning({ write: false, preflight: false })
    bans.spread('default:read:client', refusedWith(brandNew))
    expect(calls).toEqual([])
  })

  it('finds the client in the key, for any names of limiter and client', () => {
    const { bans, calls } = banning({ name: 'a:write:' })
    bans.spread('a%3Awrite%3A:read:default:write:client', refusedWith(brandNew))
    expect(calls).toEqual([
      ['block', 'a%3Awrite%3A:write:default:write:client', 7000],
      ['block', 'a%3Awrite%3A:preflight:default:write:client', 7000],
    ])
  })

  it('does not spread without a ban, nor from a key of another limiter', () => {
    const { bans, calls } = banning({})
    bans.spread('default:read:client', refusedWith())
    bans.spread('other:read:client', refusedWith(brandNew))
    expect(calls).toEqual([])
  })

  it('ends in both classes at the same time', () => {
    const clock = new FakeClock()
    const memory = new MemoryStore({ clock })
    const guarded = new ResilientStore(memory, { limiter: limiterDescriptionOf('api'), deadlineMs: 100 })
    new ClientBans(settingsOf({}), guarded, limiterDescriptionOf('api')).spread(
      'default:read:client',
      refusedWith(brandNew),
    )
    const write = chargeOf('default:write:client')
    expect(memory.consume(write)).toMatchObject({ ban: { endsInMs: 7000, isNew: false } })
    clock.advance(6999)
    expect(memory.consume(write)).toMatchObject({ allowed: false, ban: { endsInMs: 1 } })
    clock.advance(1)
    expect(memory.consume(write).allowed).toBe(true)
    memory.close()
  })

  it.each([
    ['throws', down],
    ['rejects', async () => down()],
  ])('waits for no store that %s, and is warned of once', async (_what, block) => {
    const { bans } = banning({}, { block })
    const warnings = await emittedBy(async () => {
      for (const _ of [1, 2]) bans.spread('default:read:client', refusedWith(brandNew))
      await new Promise((resolve) => setImmediate(resolve))
    })
    expect(warnings).toEqual([
      {
        code: 'TOLLGATE_BAN_FAILED',
        message: "The store of the limiter 'api' failed to ban a client: The store is down",
      },
    ])
  })
})
