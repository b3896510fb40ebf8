import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRateLimiter, type LimitSetting, MemoryStore } from '../../src/index.ts'
import { FakeClock } from '../../src/testing/index.ts'

const LIMITS = [
  { name: 'read', limit: 5, burst: 5, windowMs: 60_000, ttlMs: 90_000, algorithm: 'fixed-window' as const },
]

describe('memory and time', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('threat 19: a million keys, then silence: the table drains without a request', () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ clock })
    for (let client = 0; client < 1_000_000; client++) {
      store.consume({ key: `client ${client}`, limits: LIMITS, cost: 1 })
    }
    expect(store.size).toBe(1_000_000)
    clock.advance(90_000)
    vi.advanceTimersByTime(15_000)
    expect(store.size).toBe(0)
    store.close()
    expect(vi.getTimerCount(), 'a closed store has no timer').toBe(0)
  })

  it('threat 19: no go of the timer looks at more than a thousand keys', () => {
    const clock = new FakeClock()
    const store = new MemoryStore({ clock })
    for (let client = 0; client < 5000; client++) {
      store.consume({ key: `client ${client}`, limits: LIMITS, cost: 1 })
    }
    clock.advance(90_000)
    const sizes = [store.size]
    while (store.size > 0) {
      vi.advanceTimersToNextTimer()
      sizes.push(store.size)
    }
    const steps = sizes.slice(1).map((size, index) => (sizes[index] ?? 0) - size)
    expect(Math.max(...steps)).toBe(1000)
    store.close()
  })

  it.each([15, 50, 200])(
    'threat 18: a flood of ten times the ceiling frees none of %d blocked clients',
    (blocked) => {
      const store = new MemoryStore({ maxKeys: 1000, clock: new FakeClock() })
      const blockedKeys = Array.from({ length: blocked }, (_, client) => `blocked ${client}`)
      for (const key of blockedKeys) {
        for (let turn = 0; turn < 5; turn++) store.consume({ key, limits: LIMITS, cost: 1 })
      }
      for (let client = 0; client < 10_000; client++) {
        store.consume({ key: `flood ${client}`, limits: LIMITS, cost: 1 })
      }
      const free = blockedKeys.filter((key) => store.peek({ key, limits: LIMITS, cost: 1 }).allowed)
      expect(free).toEqual([])
      store.close()
    },
  )

  it('threat 18: a client blocked at a small limit outlasts one that has used little of a large one', () => {
    const store = new MemoryStore({ maxKeys: 16, clock: new FakeClock() })
    const wide = LIMITS.map((limit) => ({ ...limit, limit: 1000, burst: 1000 }))
    for (let turn = 0; turn < 5; turn++) store.consume({ key: 'login', limits: LIMITS, cost: 1 })
    for (let client = 0; client < 100; client++) {
      store.consume({ key: `reader ${client}`, limits: wide, cost: 6 })
    }
    expect(store.peek({ key: 'login', limits: LIMITS, cost: 1 }).allowed).toBe(false)
    store.close()
  })

  it.each([
    ['uses little of its limit', 5],
    ['uses its limit up', 1],
    ['uses a limit of several up', [{ limit: 1, windowSec: 1 }, { limit: 500 }]],
    ['drains its bucket', { limit: 1, algorithm: 'token-bucket' }],
  ] as ReadonlyArray<[string, LimitSetting<unknown>]>)(
    'threat 18: banned clients stay banned under a flood of which each client %s',
    async (_what, read) => {
      const clock = new FakeClock()
      const store = new MemoryStore({ maxKeys: 500, clock })
      const ban = { after: 2, withinSec: 60, forSec: 3600 }
      const limiter = createRateLimiter({ read, write: false, ban, store, clock })
      const clients = Array.from({ length: 20 }, (_, client) => `client ${client}`)
      for (const [index, client] of clients.entries()) {
        if (index % 2 === 0) await limiter.block(client, 3600)
        else for (let turn = 0; turn < 7; turn++) await limiter.consume(client)
      }
      for (let client = 0; client < 5000; client++) await limiter.consume(`flood ${client}`)
      const free = []
      for (const client of clients) {
        if ((await limiter.peek(client)).ban?.endsInMs !== 3_600_000) free.push(client)
      }
      expect(free).toEqual([])
      store.close()
    },
  )

  it('threat 18: the table never grows above maxKeys', () => {
    const store = new MemoryStore({ maxKeys: 100, clock: new FakeClock() })
    for (let client = 0; client < 10_000; client++) {
      store.consume({ key: `client ${client}`, limits: LIMITS, cost: 1 })
      expect(store.size).toBeLessThanOrEqual(100)
    }
    expect(store.size).toBe(100)
    store.close()
  })
})

describe('timers and the process', () => {
  it('threat 19: a limiter with clients does not keep the process alive', async () => {
    const source = fileURLToPath(new URL('../../src/index.ts', import.meta.url))
    const program = `
      import { createRateLimiter } from ${JSON.stringify(source)}
      const limiter = createRateLimiter()
      limiter.consume('client').then(({ allowed }) => console.log('allowed', allowed))
    `
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
    })
    let printed = ''
    child.stdout.on('data', (chunk) => {
      printed += chunk
    })
    const watchdog = setTimeout(() => child.kill('SIGKILL'), 15_000)
    const code = await new Promise((resolve) => child.once('close', resolve))
    clearTimeout(watchdog)
    expect(printed).toBe('allowed true\n')
    expect(code, 'the process ended by itself').toBe(0)
  })
})
