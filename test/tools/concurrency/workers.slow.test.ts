import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('counts alone in each worker of node:cluster, and says so', async () => {
  const program = fileURLToPath(new URL('./limited-workers.ts', import.meta.url))
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program], {
    timeout: 120_000,
  })
  expect(JSON.parse(stdout)).toEqual([
    [200, 200],
    [429, 429],
    [200, 200],
  ])
  const warnings = stderr.split('\n').filter((line) => line.includes('TOLLGATE_WORKER_COUNTS_ALONE'))
  expect(warnings).toHaveLength(2)
})
