import { describe, expect, it } from 'vitest'
import { escapeCharacter, plainKeyOf } from '../../src/stores/plain-key.ts'

describe('a plain key', () => {
  it('is the key itself if that has only plain characters', () => {
    expect(plainKeyOf('default:read:203.0.113.7')).toBe('default:read:203.0.113.7')
    expect(plainKeyOf('')).toBe('')
  })

  it('has other characters as code units', () => {
    expect(plainKeyOf('a b%{c}#\ud800')).toBe('a%0020b%0025%007bc%007d%0023%d800')
    expect(escapeCharacter('\n')).toBe('%000a')
  })

  it('is a digest if it would be longer than 200 characters', () => {
    expect(plainKeyOf('k'.repeat(200))).toBe('k'.repeat(200))
    expect(plainKeyOf('k'.repeat(201))).toMatch(/^#[\w-]{43}$/)
  })
})
