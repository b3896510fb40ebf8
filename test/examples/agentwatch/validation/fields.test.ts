import { describe, expect, it } from 'vitest'
import { Problem, type ProblemDetails } from '../../../../examples/agentwatch/problem.ts'
import { readEvent } from '../../../../examples/agentwatch/validation/event-fields.ts'
import { Fields } from '../../../../examples/agentwatch/validation/fields.ts'
import { pageOf, readPage } from '../../../../examples/agentwatch/validation/page.ts'
import { START_MS } from '../sample-event.ts'

function problemOf(read: () => unknown): ProblemDetails {
  try {
    read()
  } catch (error) {
    if (error instanceof Problem) return error.details
    throw error
  }
  throw new Error('no problem was thrown')
}

describe('Fields of a body', () => {
  it.each([undefined, null, 'text', 5, [], true])('reject %j, which is not an object', (body) => {
    const { message, remedy, field } = problemOf(() => Fields.ofBody(body))
    expect(message).toBe(
      `body must be a JSON object, got ${body === undefined ? 'nothing' : JSON.stringify(body)}.`,
    )
    expect(remedy).toBe('Send one with Content-Type: application/json.')
    expect(field).toBe('body')
  })

  it.each([
    [{}, 'name must be a text, got nothing.', undefined],
    [{ name: '' }, 'name must be a text, got "".', ''],
    [{ name: '  ' }, 'name must be a text, got "  ".', '  '],
    [{ name: 'abcdef' }, 'name must be a text, got "abcdef".', 'abcdef'],
    [{ name: 5 }, 'name must be a text, got 5.', 5],
    [{ name: null }, 'name must be a text, got null.', null],
    [{ name: ['a'] }, 'name must be a text, got ["a"].', undefined],
  ])('reject an invalid text: %j', (body, message, value) => {
    expect(problemOf(() => Fields.ofBody(body).text('name', { longest: 5 }))).toEqual({
      kind: 'invalid',
      message,
      remedy: 'Give 1 to 5 characters.',
      field: 'name',
      ...(value === undefined ? {} : { value }),
    })
  })

  it.each([-1, 11, 1.5, '5', null, Number.NaN, [5], true])(
    'reject %j as a whole number from 0 to 10',
    (count) => {
      const details = problemOf(() => Fields.ofBody({ count }).wholeNumber('count', { least: 0, most: 10 }))
      expect(details.message).toBe(`count must be a whole number, got ${JSON.stringify(count)}.`)
      expect(details.remedy).toBe('Give a number from 0 to 10.')
    },
  )

  it.each([0, 10])('accept %j as a whole number from 0 to 10', (count) => {
    expect(Fields.ofBody({ count }).wholeNumber('count', { least: 0, most: 10 })).toBe(count)
  })

  it.each(['2026-01-31', '31/Jan/2026', '2026-01-31T12:00:00', 0, '2026-13-01T00:00:00Z'])(
    'reject %j as a timestamp',
    (at) => {
      const details = problemOf(() => Fields.ofBody({ at }).timestamp('at', 0))
      expect(details.message).toBe(`at must be a timestamp, got ${JSON.stringify(at)}.`)
      expect(details.remedy).toBe("Give one with a zone, such as '2026-01-31T12:00:00Z'.")
    },
  )

  it('read timestamps with a zone', () => {
    expect(Fields.ofBody({ at: '2026-01-31T13:00:00+01:00' }).timestamp('at', 0)).toBe(START_MS)
    expect(Fields.ofBody({}).timestamp('at', 5)).toBe(5)
  })

  it('name the choices in an error', () => {
    const details = problemOf(() => Fields.ofBody({ type: 'toolcall' }).choice('type', ['one', 'two']))
    expect(details.message).toBe('type must be one of the choices, got "toolcall".')
    expect(details.remedy).toBe('Give one of one, two.')
  })

  it('read lists of texts and of objects', () => {
    const body = Fields.ofBody({ texts: ['a', 'b'], objects: [{ name: 'c' }] })
    expect(body.texts('texts', { most: 2, longest: 1 }, [])).toEqual(['a', 'b'])
    expect(body.objects('objects', 1).map((fields) => fields.text('name', { longest: 1 }))).toEqual(['c'])
    expect(problemOf(() => body.texts('texts', { most: 1, longest: 1 }, [])).message).toBe(
      'texts must be a list of texts, got ["a","b"].',
    )
    expect(problemOf(() => Fields.ofBody({ objects: [] }).objects('objects', 5)).remedy).toBe(
      'Give 1 to 5 objects.',
    )
    expect(problemOf(() => Fields.ofBody({ objects: [5] }).objects('objects', 5)).message).toBe(
      'objects must be a list of objects, got [5].',
    )
  })

  it('reject a field that was not read', () => {
    const body = Fields.ofBody({ name: 'a', nmae: 'b' })
    body.text('name', { longest: 5 })
    expect(problemOf(() => body.rejectUnknownFields())).toEqual({
      kind: 'invalid',
      message: 'nmae is not a field of this body, got "b".',
      remedy: 'The fields are name.',
      field: 'nmae',
      value: 'b',
    })
  })

  it('ignore inherited properties, and shorten a long value', () => {
    const inherited = Fields.ofBody(JSON.parse('{"__proto__": {"name": "a"}}'))
    expect(inherited.has('name')).toBe(false)
    expect(Fields.ofBody({}).has('toString')).toBe(false)
    const { message, value } = problemOf(() =>
      Fields.ofBody({ name: 'x'.repeat(500) }).text('name', { longest: 5 }),
    )
    expect(message).toHaveLength('name must be a text, got .'.length + 80)
    expect(value).toHaveLength(80)
  })
})

describe('Fields of a query', () => {
  it('read numbers from text', () => {
    const query = Fields.ofQuery({ limit: '5', speed: '0.5' })
    expect(query.wholeNumber('limit', { least: 1, most: 10 })).toBe(5)
    expect(query.optionalNumber('speed', { least: 0.1, most: 1 })).toBe(0.5)
  })

  it.each(['', ' 5', '5x', '0x5', '1e3', ['5', '6']])('reject %j as a number', (limit) => {
    const details = problemOf(() => Fields.ofQuery({ limit }).wholeNumber('limit', { least: 1, most: 5000 }))
    expect(details.message).toBe(`limit must be a whole number, got ${JSON.stringify(limit)}.`)
  })

  it('read a page', () => {
    const items = Array.from({ length: 120 }, (_, index) => index)
    expect(readPage(Fields.ofQuery({}))).toEqual({ limit: 50, offset: 0 })
    const page = readPage(Fields.ofQuery({ limit: '2', offset: '119' }))
    expect(pageOf(items, page, String)).toEqual({ items: ['119'], total: 120, limit: 2, offset: 119 })
    expect(problemOf(() => readPage(Fields.ofQuery({ limit: '201' }))).remedy).toBe(
      'Give a number from 1 to 200.',
    )
  })
})

describe('readEvent', () => {
  it('needs a type and a name, and has defaults for all other fields', () => {
    expect(readEvent(Fields.ofBody({ type: 'decision', name: 'stop' }), START_MS)).toEqual({
      type: 'decision',
      name: 'stop',
      outcome: 'ok',
      parentId: null,
      model: null,
      inputTokens: 0,
      outputTokens: 0,
      durationMs: 0,
      confidence: null,
      text: '',
      timeMs: START_MS,
    })
  })

  it.each([
    [{ confidence: 1.1 }, 'confidence must be a number, got 1.1.'],
    [{ confidence: '1' }, 'confidence must be a number, got "1".'],
    [{ inputTokens: -1 }, 'inputTokens must be a whole number, got -1.'],
    [{ text: 'x'.repeat(2001) }, `text must be a text, got "${'x'.repeat(76)}....`],
    [{ outcome: 'fine' }, 'outcome must be one of the choices, got "fine".'],
  ])('rejects %j', (parts, message) => {
    const body = Fields.ofBody({ type: 'tool_call', name: 'x', ...parts })
    expect(problemOf(() => readEvent(body, START_MS)).message).toBe(message)
  })
})
