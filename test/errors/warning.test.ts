import { describe, expect, it } from 'vitest'
import { warn } from '../../src/errors/warning.ts'
import { emittedBy } from '../support/emitted-warnings.ts'

describe('warn', () => {
  it('emits a process warning with a code', async () => {
    expect(await emittedBy(() => warn('TOLLGATE_NAME_SHARED', 'Two of them.'))).toEqual([
      { code: 'TOLLGATE_NAME_SHARED', message: 'Two of them.' },
    ])
  })
})
