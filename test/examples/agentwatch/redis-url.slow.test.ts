import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { until } from '../../support/redis/until.ts'
import { runProgram } from './running-program.ts'

const UNREACHABLE_REDIS = 'redis://user:secret@127.0.0.1:1'

describe('npm start with REDIS_URL', () => {
  it('prints at the start that it counts in memory without the variable', async () => {
    const program = runProgram('agentwatch/main.ts', [], { PORT: '0' })
    await program.waitForOutput('behind the same limiter.')
    expect(program.stdout()).toMatch(
      /\nagentwatch serves on http:\/\/127\.0\.0\.1:\d+ and counts in the memory of this process\. Try:\n/,
    )
  })

  it('prints at the start where it counts, serves without a connection to Redis, and stops', async () => {
    const program = runProgram('agentwatch/main.ts', [], { PORT: '0', REDIS_URL: UNREACHABLE_REDIS })
    await program.waitForOutput('behind the same limiter.')
    const [, url = ''] =
      /\nagentwatch serves on (\S+) and counts in Redis at 127\.0\.0\.1:1\. Try:\n/.exec(program.stdout()) ??
      []
    const { headers } = await request(url).get('/health').expect(200)
    expect(headers['x-ratelimit-remaining']).toBe('999')
    await until('the program warns', () => program.stderr().includes('[TOLLGATE_STORE_FAILED]'))
    program.child.kill('SIGTERM')
    expect(await program.exitCode()).toBe(0)
    expect(program.stdout()).toMatch(/\nStopped\.\n$/)
    expect(program.stdout() + program.stderr()).not.toContain('secret')
  })

  it('does not start with an invalid URL', async () => {
    const env = { PORT: '0', REDIS_URL: 'http://user:secret@localhost' }
    const program = runProgram('agentwatch/main.ts', [], env)
    expect(await program.exitCode()).toBe(1)
    expect(program.stdout()).toBe('')
    expect(program.stderr()).toBe(
      'agentwatch does not start: REDIS_URL must be a URL such as redis://127.0.0.1:6379, ' +
        "got '...@localhost'. To count in memory, unset it.\n",
    )
  })
})
