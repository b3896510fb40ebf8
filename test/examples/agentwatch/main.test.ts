import { once } from 'node:events'
import { Agent, get, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type RunningProgram, runProgram } from './process.ts'

async function start(env: Readonly<Record<string, string>> = {}): Promise<RunningProgram & { url: string }> {
  const program = runProgram('agentwatch/main.ts', [], { PORT: '0', ...env })
  await program.says('behind the same limiter.')
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
    'answers what is under way on %s, says goodbye to the rest, and ends with 0',
    async (signal) => {
      const { url, child, stdout, stderr, ends } = await start()
      const agent = new Agent({ keepAlive: true })
      const [idle] = (await once(get(`${url}/health`, { agent }), 'response')) as [IncomingMessage]
      idle.resume()
      const webSocket = new WebSocket(`${url.replace('http', 'ws')}/ws/events`)
      await once(webSocket, 'open')
      // A request whose body is still on its way.
      const underWay = request(`${url}/api/v1/sessions`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Content-Length': 15 },
      })
      underWay.write('{"agent":')
      const connected = (await once(underWay, 'socket'))[0]
      if (connected.connecting) await once(connected, 'connect')
      await new Promise((resolve) => setTimeout(resolve, 100))

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
      expect(await ends()).toBe(0)
      expect(stdout()).toMatch(
        new RegExp(`\n${signal}: answering what is under way, then stopping.\nStopped.\n$`),
      )
      expect(stderr()).toBe('')
      agent.destroy()
    },
  )

  it('says so when the port is taken', async () => {
    const { url } = await start()
    const { port } = new URL(url)
    const second = runProgram('agentwatch/main.ts', [], { PORT: port })
    expect(await second.ends()).toBe(1)
    expect(second.stdout()).toBe('')
    expect(second.stderr()).toBe(
      `agentwatch does not start: Port ${port} on 127.0.0.1 is taken by another program. ` +
        `Choose another port, for example: PORT=${Number(port) + 1} npm start\n`,
    )
  })

  it.each([
    [
      { PORT: 'x' },
      "PORT takes a whole number from 0 to 65535, got 'x'. Try PORT=3001, or 0 for any free port.\n",
    ],
    [{ API_RATE_LIMIT_READ: '-1' }, /^API_RATE_LIMIT_READ: .*'-1'/],
    [{ API_RATE_LIMIT_WRITE: 'false' }, /POST +\/api\/v1\/sessions/],
  ])('does not start with %j', async (env, problem) => {
    const program = runProgram('agentwatch/main.ts', [], { PORT: '0', ...env })
    expect(await program.ends()).toBe(1)
    expect(program.stdout()).toBe('')
    const [, message = ''] = /^agentwatch does not start: ([\s\S]*)$/.exec(program.stderr()) ?? []
    if (typeof problem === 'string') expect(message).toBe(problem)
    else expect(message).toMatch(problem)
  })

  it('asks for the key in the curl line when there is one', async () => {
    const { url, stdout } = await start({ AGENTWATCH_API_KEY: 'a-key-that-nobody-prints' })
    expect(stdout()).toContain(
      `  curl -i -X POST ${url}/api/v1/demo/seed -H 'X-API-Key: <your AGENTWATCH_API_KEY>'\n`,
    )
    expect(stdout()).not.toContain('a-key-that-nobody-prints')
  })
})
