import { describe, expect, it } from 'vitest'
import { parse, rejects } from '../support/parse.ts'

const namesOf = (options: object): string[] => parse(options).formats.map(({ name }) => name)

describe('header formats', () => {
  it('are the legacy headers alone, unless drafts are asked for', () => {
    expect(namesOf({})).toEqual(['legacy'])
    expect(namesOf({ standardHeaders: false })).toEqual(['legacy'])
    expect(namesOf({ standardHeaders: true })).toEqual(['legacy', 'draft-11'])
    expect(namesOf({ legacyHeaders: false })).toEqual([])
  })

  it.each(['draft-6', 'draft-7', 'draft-8', 'draft-11'])('know %s', (standardHeaders) => {
    expect(namesOf({ standardHeaders, legacyHeaders: false })).toEqual([standardHeaders])
  })

  it('take the reset as an instant or as seconds to go', () => {
    expect(namesOf({ resetFormat: 'epoch' })).toEqual(['legacy'])
    expect(namesOf({ resetFormat: 'delta' })).toEqual(['legacy'])
  })

  const drafts = "Give 'draft-6' or 'draft-7' or 'draft-8' or 'draft-11'."
  rejects('invalid_option', [
    [
      { standardHeaders: 'draft-12' },
      'standardHeaders',
      `takes one of a few names, got 'draft-12'. Did you mean 'draft-11'? ${drafts}`,
    ],
    // Equally near to all of one digit; the one that is not superseded is told.
    [
      { standardHeaders: 'draft-9' },
      'standardHeaders',
      `takes one of a few names, got 'draft-9'. Did you mean 'draft-8'? ${drafts}`,
    ],
    [
      { standardHeaders: 'draft7' },
      'standardHeaders',
      `takes one of a few names, got 'draft7'. Did you mean 'draft-7'? ${drafts}`,
    ],
    [{ standardHeaders: 8 }, 'standardHeaders', `takes one of a few names, got 8. ${drafts}`],
    [{ standardHeaders: null }, 'standardHeaders', `takes one of a few names, got null. ${drafts}`],
    [
      { legacyHeaders: 'no' },
      'legacyHeaders',
      "takes a boolean, got 'no'. Give true or false, without quotes.",
    ],
    [
      { resetFormat: 'seconds' },
      'resetFormat',
      "takes one of a few names, got 'seconds'. Give 'epoch' or 'delta'.",
    ],
    [
      { resetFormat: 'detla' },
      'resetFormat',
      "takes one of a few names, got 'detla'. Did you mean 'delta'? Give 'epoch' or 'delta'.",
    ],
  ])
})
