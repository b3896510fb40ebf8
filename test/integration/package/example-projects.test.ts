import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { io as connect } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { hasProgram, PROGRAMS_ENVIRONMENT } from '../../support/installed-program.ts'
import { startRedisCluster } from '../../support/redis/redis-cluster.ts'
import { freePort, NO_REDIS } from '../../support/redis/redis-server.ts'
import { compile, pack, run } from './projects.ts'

const ROOT = new URL('../../../', import.meta.url).pathname
const NAMES = [
  'language-model',
  'nestjs',
  'nginx',
  'quick-start',
  'redis-cluster',
  'serverless',
  'socket-io',
  'typescript',
]

const hasNginx = hasProgram('nginx', ['-v'], 'nginx-light')
if (NO_REDIS !== undefined) console.log(NO_REDIS)

/** A copy of the projects, with the packed package and all other packages in node_modules. */
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'example-projects-'))
  await cp(join(ROOT, 'examples/projects'), folder, { recursive: true })
  await mkdir(join(folder, 'node_modules/express-tollgate'), { recursive: true })
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  }
  const tarball = await pack(folder)
  const into = join(folder, 'node_modules/express-tollgate')
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', into], folder)
})

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

function stopAfterwards(child: ChildProcess): void {
  const closed = new Promise((resolve) => child.once('close', resolve))
  stops.push(() => {
    child.kill()
    return closed
  })
}

/** Starts a program of a project on a free port. Resolves to the address that it prints. */
async function start(project: string, main: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(process.execPath, [main], {
    cwd: join(folder, project),
    env: { PATH: process.env.PATH, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  stopAfterwards(child)
  let output = ''
  return await new Promise((resolve, reject) => {
    const read = (text: Buffer): void => {
      output += text
      const url = /Serving on (http:\S+)\n/.exec(output)?.[1]
      if (url !== undefined) resolve(url)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('close', (code) => reject(new Error(`${project} ended with ${code}:\n${output}`)))
  })
}

async function statusesOf(urls: readonly string[], init?: RequestInit): Promise<number[]> {
  const statuses: number[] = []
  for (const url of urls) statuses.push((await fetch(url, init)).status)
  return statuses
}

const times = <Value>(count: number, value: Value): Value[] => Array.from({ length: count }, () => value)

describe('the example projects, with the packed package', () => {
  it('are all tested here, and each explains itself', async () => {
    expect((await readdir(join(ROOT, 'examples/projects'))).sort()).toEqual(NAMES)
    for (const name of NAMES) {
      const readme = await readFile(join(folder, name, 'README.md'), 'utf8')
      expect(readme.split('\n').length).toBeLessThan(20)
      expect(readme).toContain('npm install')
      for (const [, path = ''] of readme.matchAll(/\]\(\.\.\/\.\.\/\.\.\/(docs\/[^)]+)\)/g)) {
        await readFile(join(ROOT, path))
      }
    }
  })

  it.each(NAMES)('name the versions that this package is tested with: %s', async (name) => {
    const { devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
    const manifest = JSON.parse(await readFile(join(folder, name, 'package.json'), 'utf8'))
    const { 'express-tollgate': own, ...others } = { ...manifest.dependencies, ...manifest.devDependencies }
    expect(own).toBe('latest')
    for (const [dependency, version] of Object.entries(others)) {
      expect([dependency, version]).toEqual([dependency, devDependencies[dependency]])
    }
  })

  it('quick-start refuses the sixth request', async () => {
    const url = await start('quick-start', 'index.js')
    expect(await statusesOf(times(6, url))).toEqual([...times(5, 200), 429])
  })

  it('typescript compiles, passes its test and serves', async () => {
    expect(await compile(join(folder, 'typescript'))).toBe('')
    const output = await run(process.execPath, ['--test', 'dist/app.test.js'], join(folder, 'typescript'))
    expect(output).toMatch(/\bpass 2\b/)
    const url = await start('typescript', 'dist/server.js')
    expect(await statusesOf(times(3, `${url}/items`), { method: 'POST' })).toEqual([201, 201, 429])
  })

  it.skipIf(!hasNginx)('nginx is believed, and a client is not', async () => {
    const url = await start('nginx', 'index.js')
    const port = await freePort()
    const file = join(folder, 'nginx/nginx.conf')
    const given = await readFile(file, 'utf8')
    await writeFile(
      file,
      given
        .replace('127.0.0.1:8080', `127.0.0.1:${port}`)
        .replace('127.0.0.1:3000', new URL(url).host)
        .replace('/tmp/express-tollgate-nginx.pid', join(folder, 'nginx.pid')),
    )
    stopAfterwards(spawn('nginx', ['-c', file], { stdio: 'ignore', env: PROGRAMS_ENVIRONMENT }))
    const through = `http://127.0.0.1:${port}/debug/client`
    const isServed = async (): Promise<boolean> => await fetch(through).then(Boolean, () => false)
    while (!(await isServed())) await new Promise((resolve) => setTimeout(resolve, 50))
    const answer = await fetch(through, { headers: { 'x-forwarded-for': '198.51.100.99' } })
    expect(await answer.json()).toMatchObject({
      header: { value: '198.51.100.99, 127.0.0.1' },
      key: '127.0.0.1',
    })
  })

  it.skipIf(NO_REDIS !== undefined)('redis-cluster counts in two processes together', async () => {
    const cluster = await startRedisCluster()
    stops.push(() => cluster.stop())
    const REDIS_NODES = cluster.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')
    const urls = [
      await start('redis-cluster', 'index.js', { REDIS_NODES }),
      await start('redis-cluster', 'index.js', { REDIS_NODES }),
    ]
    const answers = await Promise.all(
      urls.map(async (url) => (await (await fetch(url)).json()) as { process: number; store: string }),
    )
    expect(new Set(answers.map(({ process }) => process)).size).toBe(2)
    expect(answers.map(({ store }) => store)).toEqual(['closed', 'closed'])
    const four = [...urls, ...urls]
    expect(await statusesOf(four)).toEqual([200, 200, 200, 429])
  })

  it('nestjs limits everything, and logins more', async () => {
    expect(await compile(join(folder, 'nestjs'))).toBe('')
    const url = await start('nestjs', 'dist/main.js')
    const cats = await fetch(`${url}/cats`)
    expect([cats.status, cats.headers.get('x-ratelimit-remaining')]).toEqual([200, '99'])
    expect(await statusesOf(times(3, `${url}/auth/login`), { method: 'POST' })).toEqual([401, 401, 429])
  })

  it('socket-io refuses the third message', async () => {
    const socket = connect(await start('socket-io', 'index.js'))
    stops.push(() => socket.close())
    const answers = [1, 2, 3].map((number) => socket.emitWithAck('message', String(number)))
    expect(await Promise.all(answers)).toEqual([
      { text: '1' },
      { text: '2' },
      { error: 'too many messages', retryAfterMs: expect.any(Number) },
    ])
  })

  it('serverless refuses the sixth call of one client', async () => {
    const lines = (await run(process.execPath, ['invoke.js'], join(folder, 'serverless'))).trim().split('\n')
    expect(lines).toEqual([
      ...times(5, '200 {"chargedTo":"203.0.113.7"}'),
      '429 {"error":"rate_limit_exceeded"}',
    ])
  })

  it('language-model charges what an answer cost', async () => {
    const url = await start('language-model', 'index.js')
    const key = { 'x-api-key': 'key-of-acme' }
    const ask = async (prompt: string): Promise<Response> =>
      await fetch(`${url}/chat`, {
        method: 'POST',
        headers: { ...key, 'content-type': 'application/json' },
        body: JSON.stringify({ prompt }),
      })
    expect((await fetch(`${url}/usage`)).status).toBe(401)
    expect(await (await ask('say hello')).json()).toEqual({ text: 'You wrote 2 words.', tokens: 22 })
    expect(await (await fetch(`${url}/usage`, { headers: key })).json()).toEqual({ remaining: 978 })
    // 900 words are more than was reserved for them. So little is left that nothing can be reserved.
    expect((await ask('a '.repeat(899).concat('a'))).status).toBe(200)
    expect(await (await fetch(`${url}/usage`, { headers: key })).json()).toEqual({ remaining: 58 })
    expect((await ask('say hello')).status).toBe(429)
  })
})
