import assert from 'node:assert/strict'
import type { ConformanceCase, ConformanceGroup } from './conformance-case.ts'

/** Keys that break stores which interpret, join or shorten them. All differ from one another. */
const ODD_KEYS: readonly string[] = [
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

/** One key's counters are nobody else's. */
export const keyCases: ConformanceGroup = (store) => [
  isolation,
  oddKeys,
  ...(store.reset === undefined ? [] : [resetOne]),
  ...(store.resetAll === undefined ? [] : [resetAll]),
]

const isolation: ConformanceCase = {
  title: 'counts every key apart',
  async run(subject) {
    const limits = [subject.limit(1)]
    for (let client = 0; client < 500; client++) {
      assert.equal((await subject.consume(`client ${client}`, limits)).allowed, true)
    }
    for (let client = 0; client < 500; client++) {
      assert.equal((await subject.consume(`client ${client}`, limits)).allowed, false)
    }
  },
}

const oddKeys: ConformanceCase = {
  title: 'tells odd keys apart: empty, separators, NUL, CR LF, __proto__, lone surrogates, 10 kB',
  async run(subject) {
    const limits = [subject.limit(1)]
    for (const key of ODD_KEYS) {
      const shown = JSON.stringify(key).slice(0, 40)
      assert.equal((await subject.consume(key, limits)).allowed, true, `first charge of ${shown}`)
      assert.equal((await subject.consume(key, limits)).allowed, false, `second charge of ${shown}`)
    }
  },
}

const resetOne: ConformanceCase = {
  title: 'forgets one key on reset, and only that one',
  async run(subject) {
    const limits = [subject.limit(1)]
    await subject.consume('reset', limits)
    await subject.consume('kept', limits)
    await subject.store.reset?.('reset')
    await subject.store.reset?.('never seen')
    assert.equal((await subject.consume('reset', limits)).allowed, true)
    assert.equal((await subject.consume('kept', limits)).allowed, false)
  },
}

const resetAll: ConformanceCase = {
  title: 'forgets every key on resetAll',
  async run(subject) {
    const limits = [subject.limit(1)]
    for (const key of ['one', 'two', 'three']) await subject.consume(key, limits)
    await subject.store.resetAll?.()
    for (const key of ['one', 'two', 'three']) {
      assert.equal((await subject.consume(key, limits)).allowed, true)
    }
  },
}
