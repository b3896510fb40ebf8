import { once } from 'node:events'
import { Agent, get, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type RunningProgram, runProgram } from './running-program.ts'

async function start(env: Readonly<Record<string, string>> = {}): Promise<RunningProgram & { url: string }> {
  const program = runProgram('agentwatch/main.ts', [], { PORT: '0', ...env })
  await program.waitForOutput('behind the same limiter.')
  const url =
    /serves on (http:\/\/127\.0\.0\.1:\d+) and counts in the memory of this process\./.exec(
      program.stdout(),
    )?.[1] ?? ''
  return { ...program, url }
}

describe('npm start', () => {
  it('prints the table of routes and two curl lines, and serves', async () => {
    const { url, stdout, stderr } = await start()
    const lines = stdout().split('\n')
    expect(lines.filter((line) => / limited$/.test(line)).length).toBeGreaterThanOrEqual(40)
    expect(stdout()).toMatch(
      /^POST\s+\/api\/v1\/demo\/seed\s+200\/60s, 5\/60s\s+default, demo-seed\s+limited$/m,
    )
    expect(stdout()).not.toMatch(/unlimited|not-proven/)
    expect(lines).toContain(`  curl -i ${url}/health`)
    expect(lines).toContain(`  curl -i -X POST ${url}/api/v1/demo/seed`)
    expect(stderr()).toBe('')
    const [health] = (await once(get(`${url}/health`), 'response')) as [IncomingMessage]
    expect(health.statusCode).toBe(200)
    expect(health.headers['x-ratelimit-remaining']).toBe('999')
    health.resume()
  })

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'answers the requests under way on %s, closes all other connections, and ends with 0',
    async (signal) => {
      const { url, child, stdout, stderr, exitCode } = await start()
      const agent = new Agent({ keepAlive: true })
      const [idle] = (await once(get(`${url}/health`, { agent }), 'response')) as [IncomingMessage]
      idle.resume()
      const webSocket = new WebSocket(`${url.replace('http', 'ws')}/ws/events`)
      await once(webSocket, 'open')
      // The server answers `Expect` when it has the headers. The body is not complete then.
      const underWay = request(`${url}/api/v1/sessions`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Content-Length': 15, Expect: '100-continue' },
      })
      underWay.flushHeaders()
      await once(underWay, 'continue')
      underWay.write('{"agent":')

      const closed = once(webSocket, 'close')
      child.kill(signal)
      child.kill(signal)
      const [code, reason] = await closed
      expect([code, String(reason)]).toEqual([1001, 'The server is shutting down.'])
      const { port } = new URL(url)
      const [refused] = (await once(connect(Number(port), '127.0.0.1'), 'error')) as [NodeJS.ErrnoException]
      expect(refused.code).toBe('ECONNREFUSED')
      underWay.end('"bot"}')
      const [answer] = (await once(underWay, 'response')) as [IncomingMessage]
      answer.resume()
      expect([answer.statusCode, answer.headers.connection]).toEqual([201, 'close'])
      expect(await exitCode()).toBe(0)
      expect(stdout()).toMatch(
        new RegExp(`\n${signal}: answering the requests under way, then stopping.\nStopped.\n$`),
      )
      expect(stderr()).toBe('')
      agent.destroy()
    },
  )

  it('prints an error if the port is in use', async () => {
    const { url } = await start()
    const { port } = new URL(url)
    const second = runProgram('agentwatch/main.ts', [], { PORT: port })
    expect(await second.exitCode()).toBe(1)
    expect(second.stdout()).toBe('')
    expect(second.stderr()).toBe(
      `agentwatch does not start: Port ${port} on 127.0.0.1 is in use by another program. ` +
        `Choose another port, for example: PORT=${Number(port) + 1} npm start\n`,
    )
  })

  it.each([
    [
      { PORT: 'x' },
      "PORT must be a whole number from 0 to 65535, got 'x'. Try PORT=3001, or 0 for any free port.\n",
    ],
    [{ API_RATE_LIMIT_READ: '-1' }, /^API_RATE_LIMIT_READ: .*'-1'/],
    [{ API_RATE_LIMIT_WRITE: 'false' }, /POST +\/api\/v1\/sessions/],
  ])('does not start with %j', async (env, problem) => {
    const program = runProgram('agentwatch/main.ts', [], { PORT: '0', ...env })
    expect(await program.exitCode()).toBe(1)
    expect(program.stdout()).toBe('')
    const [, message = ''] = /^agentwatch does not start: ([\s\S]*)$/.exec(program.stderr()) ?? []
    if (typeof problem === 'string') expect(message).toBe(problem)
    else expect(message).toMatch(problem)
  })

  it('has the header of the key in the curl line if there is a key', async () => {
    const { url, stdout } = await start({ AGENTWATCH_API_KEY: 'a-key-that-is-not-printed' })
    expect(stdout()).toContain(
      `  curl -i -X POST ${url}/api/v1/demo/seed -H 'X-API-Key: <your AGENTWATCH_API_KEY>'\n`,
    )
    expect(stdout()).not.toContain('a-key-that-is-not-printed')
  })
})
