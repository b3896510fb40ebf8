import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { Agent, get, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { buildLibrary } from '../../../examples/agentwatch/build-library.ts'
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

describe('the server', () => {
  it('prints the table of routes and what to try in 80 columns, and serves', async () => {
    const { url, stdout, stderr } = await start({ API_RATE_LIMIT_WRITE: '100000' })
    const lines = stdout().split('\n')
    expect(lines.filter((line) => /\w+: \d+ in \d+ s$/.test(line)).length).toBeGreaterThanOrEqual(40)
    expect(stdout()).toMatch(
      /^POST +\/api\/v1\/demo\/seed +write: 100000 in 60 s\n {20,}demo-seed-write: 5 in 60 s$/m,
    )
    expect(stdout()).toMatch(
      /^POST +\/api\/v1\/events +write: 100000 in 60 s\n +free: 2 requests at once\n[^A-Z]+ +free: 100000 tokens\/month$/m,
    )
    const intro = `agentwatch serves on ${url} and counts in the memory of this process. Try:`
    expect(lines.filter((line) => line.length > 80 && line !== intro)).toEqual([])
    expect(lines).toContain(`  ${url}/limits/  the live page, in a browser`)
    expect(lines).toContain(`  curl -i ${url}/health`)
    expect(lines).toContain(`  curl -i -X POST ${url}/api/v1/demo/seed`)
    expect(lines).toContain(`  curl ${url}/metrics`)
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

  it.each(['agentwatch/main.ts', 'agentwatch/start.ts'])(
    'prints an error if the port is in use: %s',
    async (file) => {
      const { url } = await start()
      const { port } = new URL(url)
      const second = runProgram(file, [], { PORT: port })
      expect(await second.exitCode()).toBe(1)
      // Nothing was built.
      expect(second.stdout()).toBe('')
      expect(second.stderr()).toBe(
        `agentwatch does not start: Port ${port} on 127.0.0.1 is in use by another program. ` +
          `Choose another port, for example: PORT=${Number(port) + 1} npm start\n`,
      )
    },
  )

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
    expect(stdout()).toContain(`  curl ${url}/metrics -H 'X-API-Key: <your AGENTWATCH_API_KEY>'\n`)
    expect(stdout()).not.toContain('in a browser')
    expect(stdout()).not.toContain('a-key-that-is-not-printed')
  })
})

describe('the build of npm start', () => {
  it('makes the modules that the example imports, and no type declarations', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'agentwatch-build-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'index.d.ts'), 'of an earlier build')
    await buildLibrary(folder)
    const built = await readdir(folder)
    expect(built).toEqual(expect.arrayContaining(['audit.js', 'dashboard.js', 'index.js', 'openapi.js']))
    expect(built.filter((name) => !name.endsWith('.js'))).toEqual(['index.d.ts'])
    expect(await readFile(join(folder, 'index.d.ts'), 'utf8')).toBe('of an earlier build')
  })
})
