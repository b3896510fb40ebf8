import { beforeEach, describe, expect, it } from 'vitest'
import { connectionOf } from '../../../src/stores/redis/clients/detect-client.ts'
import { type RemainingCall, ScriptRunner } from '../../../src/stores/redis/script-runner.ts'
import { BATCH_SCRIPT_SHA } from '../../../src/stores/redis/scripts/batch-script.ts'
import { CallDeadline } from '../../../src/stores/resilience/call-deadline.ts'
import { FakeIoredis, FakeNodeRedis } from './fake-clients.ts'

const NOSCRIPT = new Error('NOSCRIPT No matching script. Please use EVAL.')

/** A call with one key, which is sent at any time. */
const callOn =
  (key: string): RemainingCall =>
  () => ({ keys: [key], args: [] })

const runnerOn = (client: unknown): ScriptRunner =>
  new ScriptRunner(connectionOf(client), new CallDeadline(1000, 1000))

/** Servers of a cluster that know a script after an EVAL. The last character of a key is the number of its server. */
class ForgetfulServers {
  readonly commands: string[] = []
  readonly knowing = new Set<string>()
  failures: Error[] = []

  readonly client = {
    sendCommand: async ([name = '', , , key = '']: string[]): Promise<unknown> => {
      this.commands.push(name)
      await Promise.resolve()
      const server = key.slice(-1)
      if (name === 'EVALSHA' && !this.knowing.has(server)) throw NOSCRIPT
      const failure = name === 'EVAL' ? this.failures.shift() : undefined
      if (failure !== undefined) throw failure
      this.knowing.add(server)
      return key
    },
  }

  count(name: string): number {
    return this.commands.filter((command) => command === name).length
  }
}

describe('a script that servers do not know', () => {
  let servers: ForgetfulServers
  let runner: ScriptRunner
  beforeEach(() => {
    servers = new ForgetfulServers()
    runner = runnerOn(servers.client)
  })

  const runAll = (keys: readonly string[]): Promise<PromiseSettledResult<unknown>[]> =>
    Promise.allSettled(keys.map((key) => runner.run(callOn(key))))

  it('is sent once, however many calls need it at the same time (threat 35)', async () => {
    const results = await runAll(Array.from({ length: 250 }, () => 'key 0'))
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true)
    expect([servers.count('EVAL'), servers.count('EVALSHA')]).toEqual([1, 250 + 249])
    servers.knowing.clear()
    await runAll(['key 0', 'key 0'])
    expect(servers.count('EVAL')).toBe(2)
  })

  it('is sent once to each server of a cluster', async () => {
    const results = await runAll(Array.from({ length: 90 }, (_, index) => `key ${index % 3}`))
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true)
    expect(servers.count('EVAL')).toBe(3)
  })

  it('is sent by the next call if it failed', async () => {
    const failure = new Error('OOM command not allowed')
    servers.failures = [failure]
    const results = await runAll(['key 0', 'key 0', 'key 0'])
    expect(results[0]).toEqual({ status: 'rejected', reason: failure })
    expect(results.slice(1).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(servers.count('EVAL')).toBe(2)
  })

  it('is not sent for a call that is withdrawn while another call sends it', async () => {
    let isWithdrawn = false
    const first = runner.run(callOn('key 0'))
    const second = runner.run(() => (isWithdrawn ? undefined : callOn('key 0')()))
    isWithdrawn = true
    expect(await second).toBeUndefined()
    expect(await first).toBe('key 0')
    expect(servers.count('EVALSHA')).toBe(2)
  })
})

describe('the script', () => {
  const any = expect.any(String) as unknown
  const LOADED = [
    ['SCRIPT', 'EXISTS', any],
    ['SCRIPT', 'LOAD', any],
  ]
  const loaded = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  it('is loaded each time when a client is connected: ioredis', async () => {
    const given = new FakeIoredis()
    runnerOn(given)
    const [own = given] = given.duplicates
    await loaded()
    own.emit('ready')
    await loaded()
    expect(own.loads).toEqual([...LOADED, ...LOADED])
    expect(given.loads).toEqual([])
  })

  it('is loaded each time when a client is connected: node-redis', async () => {
    const client = new FakeNodeRedis()
    client.isReady = false
    runnerOn(client)
    expect(client.loads).toEqual([])
    client.becomeReady()
    await loaded()
    expect(client.loads).toEqual(LOADED)
    client.emit('ready')
    await loaded()
    expect(client.loads).toEqual([...LOADED, ...LOADED])
  })

  it('is not sent to a server that expects a password: it would end the connection', async () => {
    const commands: string[][] = []
    const client = {
      sendCommand: async (words: string[]): Promise<never> => {
        commands.push(words)
        throw new Error('NOAUTH Authentication required.')
      },
    }
    const runner = runnerOn(client)
    await runner.load()
    await expect(runner.run(callOn('key 0'))).rejects.toThrow('NOAUTH')
    expect(commands.map(([name, second]) => [name, second])).toEqual([
      ['SCRIPT', 'EXISTS'],
      ['EVALSHA', BATCH_SCRIPT_SHA],
    ])
  })

  it('need not be loaded: a server that forbids that gets it with the command that needs it', async () => {
    const servers = new ForgetfulServers()
    const client = {
      sendCommand: async (words: string[]): Promise<unknown> => {
        if (words[0] === 'SCRIPT') throw new Error('NOPERM this user has no permissions')
        return servers.client.sendCommand(words)
      },
    }
    const runner = runnerOn(client)
    await runner.load()
    expect(await runner.run(callOn('key 0'))).toBe('key 0')
  })
})
