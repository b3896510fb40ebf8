import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it, vi } from 'vitest'
import { describeRedisServer } from '../support/redis/describe-redis.ts'
import { startWatchedRedis } from './watched-redis.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PROGRAM = `
  const { startWatchedRedis } = await import('./test/bench/watched-redis.ts')
  const server = await startWatchedRedis()
  console.log(server.process.pid)
  setInterval(() => {}, 1000)
`

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describeRedisServer('a watched Redis server', () => {
  it('ends with its process, though that is killed', async () => {
    const flags = ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM]
    const owner = spawn(process.execPath, flags, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(owner.stdout, 'data')) as [Buffer]
    const pid = Number(line)
    expect(runs(pid)).toBe(true)
    owner.kill('SIGKILL')
    await vi.waitUntil(() => !runs(pid), { timeout: 60_000 })
  })

  it('is ended as any other, and its watchdog with it', async () => {
    const server = await startWatchedRedis()
    const pid = server.process.pid ?? 0
    const watchdogs = async (): Promise<string> => {
      const { stdout } = await promisify(execFile)('ps', ['-eo', 'args'])
      return stdout
        .split('\n')
        .filter((line) => line.startsWith('sh -c') && line.endsWith(` ${pid}`))
        .join()
    }
    expect(await watchdogs()).toBe(`sh -c read -r line || kill -9 "$1" sh ${pid}`)
    await server.stop()
    expect(runs(pid)).toBe(false)
    await vi.waitUntil(async () => (await watchdogs()) === '', { timeout: 60_000 })
  })
})
