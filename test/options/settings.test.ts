import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import { parse, rejects } from '../support/parse.ts'

describe('settings', () => {
  it('have defaults for everything', () => {
    const { policies, refusal, ...settings } = parse({})
    expect(settings).toEqual({
      name: 'default',
      mode: 'enforce',
      client: {
        trust: undefined,
        header: 'x-forwarded-for',
        ipv6Subnet: 56,
        allowList: undefined,
        denyList: undefined,
      },
      ban: undefined,
      classify: expect.any(Function),
      classifiedBy: 'method',
      keyGenerator: undefined,
      cost: undefined,
      skip: undefined,
      formats: [expect.objectContaining({ name: 'legacy' })],
      refund: undefined,
      store: undefined,
      onStoreError: 'memory',
      storeDeadlineMs: 100,
      fallbackShare: 1,
      logger: undefined,
      requestPropertyName: 'rateLimit',
      clock: undefined,
    })
    expect(policies.read).not.toBe(false)
    expect(refusal).toMatchObject({ statusCode: 429, handler: undefined })
  })

  it('keep what is given', () => {
    const given = {
      name: 'api: "v2" 100%',
      mode: 'shadow',
      classify: () => 'read',
      keyGenerator: () => 'key',
      cost: () => 2,
      skip: () => false,
      store: new MemoryStore(),
      onStoreError: 'deny',
      storeDeadlineMs: 2_147_483_647,
      fallbackShare: 0.25,
      logger: console,
      requestPropertyName: 'quota',
      clock: { now: () => 0 },
    }
    expect(parse(given)).toMatchObject({ ...given, classifiedBy: 'function' })
    expect(parse({ onStoreError: 'allow' }).onStoreError).toBe('allow')
  })
})

describe('settings that nobody has given', () => {
  it('are not those of a polluted Object.prototype', () => {
    const polluted = {
      skip: () => true,
      mode: 'shadow',
      read: false,
      cost: 5,
      store: null,
      allowList: ['0.0.0.0/0'],
      ban: 5,
    }
    const clean = parse({})
    try {
      for (const [name, value] of Object.entries(polluted)) {
        Object.defineProperty(Object.prototype, name, { value, configurable: true })
      }
      const settings = parse({})
      expect(settings).toMatchObject({ mode: 'enforce', cost: undefined, store: undefined })
      expect(settings.ban).toBeUndefined()
      expect(settings.client.allowList).toBeUndefined()
      expect(settings.skip).toBeUndefined()
      expect(settings.policies).toEqual(clean.policies)
    } finally {
      for (const name of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, name)
    }
    expect(Reflect.has({}, 'skip')).toBe(false)
  })
})

describe('a setting of the wrong kind', () => {
  const ascii = 'It appears in response headers.'
  const deadline = 'Give a number from 1 to 2147483647, without quotes.'
  const classify = "Give (req) => 'read' or 'write', or leave the option out."
  const property = "Give a name such as 'rateLimit'."
  const policies = "Give 'memory' or 'allow' or 'deny'."
  const clock = 'Give { now(): number } in epoch milliseconds.'

  rejects('invalid_option', [
    [{ name: '' }, 'name', `takes a name of printable ASCII, got ''. ${ascii}`],
    [{ name: 5 }, 'name', `takes a name of printable ASCII, got 5. ${ascii}`],
    [{ name: null }, 'name', `takes a name of printable ASCII, got null. ${ascii}`],
    [{ name: '\u65e5\u672c' }, 'name', `takes a name of printable ASCII, got '\u65e5\u672c'. ${ascii}`],
    [{ name: 'a\r\nb' }, 'name', `takes a name of printable ASCII, got 'a\\x0d\\x0ab'. ${ascii}`],
    [
      { mode: 'shadwo' },
      'mode',
      "takes one of a few names, got 'shadwo'. Did you mean 'shadow'? Give 'enforce' or 'shadow'.",
    ],
    [{ mode: null }, 'mode', "takes one of a few names, got null. Give 'enforce' or 'shadow'."],
    [{ classify: 'read' }, 'classify', `takes a function, got 'read'. ${classify}`],
    [{ classify: null }, 'classify', `takes a function, got null. ${classify}`],
    [
      { keyGenerator: 'ip' },
      'keyGenerator',
      "takes a function, got 'ip'. Give (req, clientKey) => string, or leave the option out.",
    ],
    [{ cost: 5 }, 'cost', 'takes a function, got 5. Give (req) => number, or leave the option out.'],
    [{ skip: true }, 'skip', 'takes a function, got true. Give (req) => boolean, or leave the option out.'],
    [{ onStoreError: 'pass' }, 'onStoreError', `takes one of a few names, got 'pass'. ${policies}`],
    [
      { onStoreError: 'dney' },
      'onStoreError',
      `takes one of a few names, got 'dney'. Did you mean 'deny'? ${policies}`,
    ],
    [{ onStoreError: true }, 'onStoreError', `takes one of a few names, got true. ${policies}`],
    [{ storeDeadlineMs: 0 }, 'storeDeadlineMs', `takes a whole number, got 0. ${deadline}`],
    [{ storeDeadlineMs: 1.5 }, 'storeDeadlineMs', `takes a whole number, got 1.5. ${deadline}`],
    [{ storeDeadlineMs: '100' }, 'storeDeadlineMs', `takes a whole number, got '100'. ${deadline}`],
    [{ storeDeadlineMs: null }, 'storeDeadlineMs', `takes a whole number, got null. ${deadline}`],
    [{ storeDeadlineMs: 2 ** 31 }, 'storeDeadlineMs', `takes a whole number, got 2147483648. ${deadline}`],
    [
      { storeDeadlineMs: Number.POSITIVE_INFINITY },
      'storeDeadlineMs',
      `takes a whole number, got Infinity. ${deadline}`,
    ],
    ...[0, -1, 1.01, Number.NaN, '1', null].map(
      (share) =>
        [
          { fallbackShare: share },
          'fallbackShare',
          `takes a part of 1, got ${typeof share === 'string' ? `'${share}'` : share}. Give 1 / 4 where four processes share a store.`,
        ] as const,
    ),
    ...[null, {}, { info: () => undefined }].map(
      (logger) =>
        [
          { logger },
          'logger',
          `takes a logger, got ${JSON.stringify(logger)}. Give { info(message), warn(message) }, such as console.`,
        ] as const,
    ),
    [{ requestPropertyName: '' }, 'requestPropertyName', `takes the name of a property, got ''. ${property}`],
    [{ requestPropertyName: 5 }, 'requestPropertyName', `takes the name of a property, got 5. ${property}`],
    [
      { requestPropertyName: null },
      'requestPropertyName',
      `takes the name of a property, got null. ${property}`,
    ],
    [
      { requestPropertyName: '__proto__' },
      'requestPropertyName',
      `takes the name of a property, got '__proto__'. ${property}`,
    ],
    [{ clock: Date.now }, 'clock', `takes a clock, got the function now. ${clock}`],
    [{ clock: {} }, 'clock', `takes a clock, got {}. ${clock}`],
    [{ clock: null }, 'clock', `takes a clock, got null. ${clock}`],
    [{ clock: { now: 5 } }, 'clock', `takes a clock, got {"now":5}. ${clock}`],
    ...[() => Number.NaN, () => Number.POSITIVE_INFINITY, () => '5', () => new Date(), () => undefined].map(
      (now) => [{ clock: { now } }, 'clock', `takes a clock, got {}. ${clock}`] as const,
    ),
  ])
})
