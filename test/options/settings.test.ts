import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../src/stores/memory/memory-store.ts'
import { settingsOf, testRejections } from '../support/parsed-settings.ts'

describe('the settings', () => {
  it('have a default for every option', () => {
    const { plans, preflight, refusal, ...settings } = settingsOf({})
    expect(settings).toEqual({
      name: 'default',
      mode: 'enforce',
      client: {
        trust: undefined,
        trustsAdapter: false,
        header: 'x-forwarded-for',
        ipv6Subnet: 56,
        allowList: undefined,
        denyList: undefined,
      },
      plan: undefined,
      classify: expect.any(Function),
      connectDeadlineMs: 1000,
      classifiedBy: 'method',
      keyGenerator: undefined,
      cost: undefined,
      unit: 'requests',
      settles: false,
      skip: undefined,
      formats: [expect.objectContaining({ name: 'legacy' })],
      exposesHeaders: true,
      refund: undefined,
      keepsReceipts: false,
      store: undefined,
      onStoreError: 'memory',
      storeDeadlineMs: 100,
      fallbackShare: 1,
      logger: undefined,
      requestPropertyName: 'rateLimit',
      clock: undefined,
    })
    expect(plans).toMatchObject([{ policies: { read: { class: 'read' }, write: { class: 'write' } } }])
    expect(preflight).toMatchObject({ class: 'preflight', limits: [{ limit: 1000, windowMs: 60_000 }] })
    expect(refusal).toMatchObject({ statusCode: 429, handler: undefined })
  })

  it('have the values of the options', () => {
    const given = {
      name: 'api: "v2" 100%',
      mode: 'shadow',
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
    expect(settingsOf(given)).toMatchObject({ ...given, classifiedBy: 'method' })
    expect(settingsOf({ onStoreError: 'allow' }).onStoreError).toBe('allow')
  })
})

describe('a polluted Object.prototype', () => {
  it('does not change the settings', () => {
    const polluted = {
      skip: () => true,
      mode: 'shadow',
      read: false,
      cost: 5,
      store: null,
      allowList: ['0.0.0.0/0'],
      ban: 5,
    }
    const clean = settingsOf({})
    try {
      for (const [name, value] of Object.entries(polluted)) {
        Object.defineProperty(Object.prototype, name, { value, configurable: true })
      }
      const settings = settingsOf({})
      expect(settings).toMatchObject({ mode: 'enforce', cost: undefined, store: undefined })
      expect(settings.client.allowList).toBeUndefined()
      expect(settings.skip).toBeUndefined()
      expect(settings.plans).toEqual(clean.plans)
    } finally {
      for (const name of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, name)
    }
    expect(Reflect.has({}, 'skip')).toBe(false)
  })
})

describe('an option with a wrong value is rejected', () => {
  const nameRemedy = 'Use only printable ASCII, because the name appears in response headers.'
  const deadlineRemedy = 'Give a number from 1 to 2147483647, without quotes.'
  const classifyRemedy = "Give (req, res) => 'read' or 'write', or leave the option out."
  const propertyRemedy = "Give a name such as 'rateLimit'."
  const policiesRemedy = "Give 'memory' or 'allow' or 'deny'."
  const clockRemedy = 'Give { now(): number } in epoch milliseconds.'

  testRejections('invalid_option', [
    [{ name: '' }, 'name', `takes a name of printable ASCII, got ''. ${nameRemedy}`],
    [{ name: 5 }, 'name', `takes a name of printable ASCII, got 5. ${nameRemedy}`],
    [{ name: null }, 'name', `takes a name of printable ASCII, got null. ${nameRemedy}`],
    [{ name: '\u65e5\u672c' }, 'name', `takes a name of printable ASCII, got '\u65e5\u672c'. ${nameRemedy}`],
    [{ name: 'a\r\nb' }, 'name', `takes a name of printable ASCII, got 'a\\x0d\\x0ab'. ${nameRemedy}`],
    [
      { mode: 'shadwo' },
      'mode',
      "takes one of a few names, got 'shadwo'. Did you mean 'shadow'? Give 'enforce' or 'shadow'.",
    ],
    [{ mode: null }, 'mode', "takes one of a few names, got null. Give 'enforce' or 'shadow'."],
    [{ classify: 'read' }, 'classify', `takes a function, got 'read'. ${classifyRemedy}`],
    [{ classify: null }, 'classify', `takes a function, got null. ${classifyRemedy}`],
    [
      { keyGenerator: 'ip' },
      'keyGenerator',
      "takes a function, got 'ip'. Give (req, res, clientKey) => string, or leave the option out.",
    ],
    [{ cost: 5 }, 'cost', 'takes a function, got 5. Give (req, res) => number, or leave the option out.'],
    [
      { skip: true },
      'skip',
      'takes a function, got true. Give (req, res) => boolean, or leave the option out.',
    ],
    [{ onStoreError: 'pass' }, 'onStoreError', `takes one of a few names, got 'pass'. ${policiesRemedy}`],
    [
      { onStoreError: 'dney' },
      'onStoreError',
      `takes one of a few names, got 'dney'. Did you mean 'deny'? ${policiesRemedy}`,
    ],
    [{ onStoreError: true }, 'onStoreError', `takes one of a few names, got true. ${policiesRemedy}`],
    [{ storeDeadlineMs: 0 }, 'storeDeadlineMs', `takes a whole number, got 0. ${deadlineRemedy}`],
    [{ storeDeadlineMs: 1.5 }, 'storeDeadlineMs', `takes a whole number, got 1.5. ${deadlineRemedy}`],
    [{ storeDeadlineMs: '100' }, 'storeDeadlineMs', `takes a whole number, got '100'. ${deadlineRemedy}`],
    [{ storeDeadlineMs: null }, 'storeDeadlineMs', `takes a whole number, got null. ${deadlineRemedy}`],
    [
      { storeDeadlineMs: 2 ** 31 },
      'storeDeadlineMs',
      `takes a whole number, got 2147483648. ${deadlineRemedy}`,
    ],
    [
      { storeDeadlineMs: Number.POSITIVE_INFINITY },
      'storeDeadlineMs',
      `takes a whole number, got Infinity. ${deadlineRemedy}`,
    ],
    ...[0, -1, 1.01, Number.NaN, '1', null].map(
      (share) =>
        [
          { fallbackShare: share },
          'fallbackShare',
          `takes a number above 0 and up to 1, got ${typeof share === 'string' ? `'${share}'` : share}. Give 1 / 4 if four processes share a store.`,
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
    [
      { requestPropertyName: '' },
      'requestPropertyName',
      `takes the name of a property, got ''. ${propertyRemedy}`,
    ],
    [
      { requestPropertyName: 5 },
      'requestPropertyName',
      `takes the name of a property, got 5. ${propertyRemedy}`,
    ],
    [
      { requestPropertyName: null },
      'requestPropertyName',
      `takes the name of a property, got null. ${propertyRemedy}`,
    ],
    [{ clock: Date.now }, 'clock', `takes a clock, got the function now. ${clockRemedy}`],
    [{ clock: {} }, 'clock', `takes a clock, got {}. ${clockRemedy}`],
    [{ clock: null }, 'clock', `takes a clock, got null. ${clockRemedy}`],
    [{ clock: { now: 5 } }, 'clock', `takes a clock, got {"now":5}. ${clockRemedy}`],
    ...[() => Number.NaN, () => Number.POSITIVE_INFINITY, () => '5', () => new Date(), () => undefined].map(
      (now) => [{ clock: { now } }, 'clock', `takes a clock, got {}. ${clockRemedy}`] as const,
    ),
  ])
})
