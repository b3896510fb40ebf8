import { describe, expect, it } from 'vitest'
import { warn } from '../../src/errors/warning.ts'
import { emittedBy } from '../support/emitted-warnings.ts'

describe('warn', () => {
  it('emits a process warning with a code', async () => {
    expect(await emittedBy(() => warn('TOLLGATE_NAME_SHARED', 'Two of them.'))).toEqual([
      { code: 'TOLLGATE_NAME_SHARED', message: 'Two of them.' },
    ])
  })

  it('adds the address of its entry in the documentation, which Node prints below the message', async () => {
    const warnings: Error[] = []
    const record = (warning: Error): void => void warnings.push(warning)
    process.on('warning', record)
    warn('TOLLGATE_NAME_SHARED', 'Two of them.')
    await new Promise<void>((resolve) => process.nextTick(resolve))
    process.off('warning', record)
    expect(warnings).toEqual([
      expect.objectContaining({
        detail: 'See https://express-tollgate.github.io/express-tollgate/errors#tollgate_name_shared',
      }),
    ])
  })
})
