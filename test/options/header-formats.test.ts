import { describe, expect, it } from 'vitest'
import { settingsOf, testRejections } from '../support/parsed-settings.ts'

const namesOf = (options: object): string[] => settingsOf(options).formats.map(({ name }) => name)

describe('header formats', () => {
  it('are the legacy headers, and a draft if standardHeaders is given', () => {
    expect(namesOf({})).toEqual(['legacy'])
    expect(namesOf({ standardHeaders: false })).toEqual(['legacy'])
    expect(namesOf({ standardHeaders: true })).toEqual(['legacy', 'draft-11'])
    expect(namesOf({ legacyHeaders: false })).toEqual([])
  })

  it.each(['draft-6', 'draft-7', 'draft-8', 'draft-11'])('include %s', (standardHeaders) => {
    expect(namesOf({ standardHeaders, legacyHeaders: false })).toEqual([standardHeaders])
  })

  it('accept epoch and delta for resetFormat', () => {
    expect(namesOf({ resetFormat: 'epoch' })).toEqual(['legacy'])
    expect(namesOf({ resetFormat: 'delta' })).toEqual(['legacy'])
  })

  const draftsRemedy = "Give 'draft-6' or 'draft-7' or 'draft-8' or 'draft-11'."
  testRejections('invalid_option', [
    [
      { standardHeaders: 'draft-12' },
      'standardHeaders',
      `takes one of a few names, got 'draft-12'. Did you mean 'draft-11'? ${draftsRemedy}`,
    ],
    // Equally near to all drafts of one digit. The error suggests the newest of them.
    [
      { standardHeaders: 'draft-9' },
      'standardHeaders',
      `takes one of a few names, got 'draft-9'. Did you mean 'draft-8'? ${draftsRemedy}`,
    ],
    [
      { standardHeaders: 'draft7' },
      'standardHeaders',
      `takes one of a few names, got 'draft7'. Did you mean 'draft-7'? ${draftsRemedy}`,
    ],
    [{ standardHeaders: 8 }, 'standardHeaders', `takes one of a few names, got 8. ${draftsRemedy}`],
    [{ standardHeaders: null }, 'standardHeaders', `takes one of a few names, got null. ${draftsRemedy}`],
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
