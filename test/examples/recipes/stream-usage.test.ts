import fc from 'fast-check'
import { expect, it } from 'vitest'
import { StreamUsage } from '../../../examples/recipes/stream-usage.ts'
import { ending, event, word } from './scripted-model.ts'

const PROMPT_TOKENS = 10

/** The tokens after a stream that is cut at these positions. */
function tokensOf(stream: string, cuts: readonly number[] = []): number {
  const usage = new StreamUsage(PROMPT_TOKENS)
  const bytes = new TextEncoder().encode(stream)
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort(
    (one, other) => one - other,
  )
  for (const [index, end] of ends.entries()) usage.add(bytes.subarray(ends[index - 1] ?? 0, end))
  return usage.tokens
}

it('counts the same however the stream is cut', () => {
  const content = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('data: [DONE]', '\u{1f600}\n\n'))
  const endOfLine = fc.constantFrom('\n', '\r\n')
  fc.assert(
    fc.property(fc.array(content), fc.nat(1000), endOfLine, fc.array(fc.nat()), (words, total, end, cuts) => {
      const texts = words.map(word).join('').replaceAll('\n', end)
      const tokens = PROMPT_TOKENS + words.filter((text) => text !== '').length
      expect(tokensOf(texts, cuts)).toBe(tokens)
      expect(tokensOf(texts + ending(total).replaceAll('\n', end), cuts)).toBe(total)
    }),
  )
})

it.each([
  ['comments and other fields', ': still there\nevent: message\nid: 1\n\n', 0],
  ['data without a blank', 'data:{"choices":[{"delta":{"content":"x"}}]}\n\n', 1],
  ['an event without text', event({ choices: [{ delta: { role: 'assistant' } }], usage: null }), 0],
  ['an event that has not ended', 'data: {"choices":[{"delta":{"content":"x"}}]}', 0],
])('reads %s', (_name, stream, tokens) => {
  expect(tokensOf(stream)).toBe(PROMPT_TOKENS + tokens)
})

it('counts nothing after an error of the model', () => {
  expect(tokensOf(word('x') + event({ error: { message: 'overloaded' } }) + event('[DONE]'))).toBe(0)
})

it('rejects data that is not JSON', () => {
  expect(() => tokensOf('data: <html>\n\n')).toThrow(SyntaxError)
})
