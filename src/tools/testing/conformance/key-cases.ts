import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'

/**
 * Keys with which a store makes mistakes if it interprets, joins or shortens keys. All of them are different.
 */
const UNUSUAL_KEYS: readonly string[] = [
  '',
  ' ',
  'a',
  'a:',
  ':a',
  'a:b',
  'a::b',
  'a\u0000',
  'a\u0000b',
  'a\r\nb',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '{}',
  '{a}',
  '{a}b',
  '[object Object]',
  'undefined',
  '0',
  '00',
  '1e3',
  '1000',
  '\u00e9',
  'e\u0301',
  '\ud800',
  '\udc00',
  '\ufffd',
  '\u{1f6a7}',
  `${'k'.repeat(10_000)}1`,
  `${'k'.repeat(10_000)}2`,
]

/** The counters of one key do not depend on other keys. */
export const keyCases: ConformanceGroup = (store) => [
  separateKeys,
  unusualKeys,
  ...(store.reset === undefined ? [] : [resetOneKey]),
  ...(store.resetAll === undefined ? [] : [resetAllKeys]),
]

const separateKeys: ConformanceCase = {
  title: 'every key is counted separately',
  async run(tested) {
    const limits = [tested.limit(1)]
    for (let client = 0; client < 500; client++) {
      const message = 'The first charge of a key must be allowed, whatever other keys have used.'
      await tested.assertAllowed(message, `client ${client}`, limits)
    }
    for (let client = 0; client < 500; client++) {
      const message = 'A key must not be forgotten when there are 500 keys.'
      await tested.assertRefused(message, `client ${client}`, limits)
    }
  },
}

const unusualKeys: ConformanceCase = {
  title:
    'unusual keys are counted separately: empty, separators, NUL, CR LF, __proto__, lone surrogates, 10 kB',
  async run(tested) {
    const limits = [tested.limit(1)]
    for (const key of UNUSUAL_KEYS) {
      const shown = JSON.stringify(key).slice(0, 40)
      await tested.assertAllowed(`The first charge of the key ${shown} must be allowed.`, key, limits)
      await tested.assertRefused(`The second charge of the key ${shown} must be refused.`, key, limits)
    }
  },
}

const resetOneKey: ConformanceCase = {
  title: 'reset() forgets one key, and no other key',
  async run(tested) {
    const limits = [tested.limit(1)]
    await tested.consume('reset', limits)
    await tested.consume('kept', limits)
    await tested.store.reset?.('reset')
    await tested.store.reset?.('never seen')
    await tested.assertAllowed('reset() must forget the units that its key has used.', 'reset', limits)
    await tested.assertRefused('reset() must not change other keys.', 'kept', limits)
  },
}

const resetAllKeys: ConformanceCase = {
  title: 'resetAll() forgets every key',
  async run(tested) {
    const limits = [tested.limit(1)]
    for (const key of ['one', 'two', 'three']) await tested.consume(key, limits)
    await tested.store.resetAll?.()
    for (const key of ['one', 'two', 'three']) {
      await tested.assertAllowed('resetAll() must forget the units that every key has used.', key, limits)
    }
  },
}
