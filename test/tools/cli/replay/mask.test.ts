import { describe, expect, it } from 'vitest'
import { maskClient } from '../../../../src/tools/cli/replay/mask.ts'

describe('a masked client', () => {
  it.each([
    ['203.0.113.7', '203.0.113.x'],
    ['2001:db8:1:100::/56', '2001:db8:x'],
    ['2001:db8::1', '2001:db8:x'],
    ['unknown', 'unknown'],
  ])('%s is %s', (key, masked) => {
    expect(maskClient(key)).toBe(masked)
  })
})
