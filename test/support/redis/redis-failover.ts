import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort, NO_REDIS, REDIS_PROGRAM, type RedisServer, startRedis } from './redis-server.ts'
import { until } from './until.ts'

/** The name that the sentinel knows the primary by. */
export const PRIMARY_NAME = 'tollgate'

/** How long a primary is silent before it is taken for lost, in milliseconds. */
const LOST_AFTER_MS = 500

/** A primary and its replica. The replica can replace the primary. */
export interface RedisPair {
  readonly primary: RedisServer
  readonly replica: RedisServer
  /** Resolves when the replica has all that was written to the primary so far. */
  isCaughtUp(): Promise<void>
  /** Makes the replica a primary. */
  promote(): Promise<void>
  /** Resolves when the replica is a primary. */
  isPromoted(): Promise<void>
  stop(): Promise<void>
}

/** Starts a primary and a replica on loopback. Resolves when the replica has caught up. */
export async function startRedisPair(): Promise<RedisPair> {
  const primary = await startRedis(['--repl-diskless-sync-delay', '0'])
  const replica = await startRedis(['--replicaof', '127.0.0.1', String(primary.port)])
  const admin = new Redis(primary.url, { lazyConnect: true })
  const replicaAdmin = new Redis(replica.url)
  for (const one of [admin, replicaAdmin]) one.on('error', () => undefined)
  const isCaughtUp = (): Promise<void> =>
    until('the replica has caught up', async () => {
      const info = await admin.info('replication')
      const offset = /master_repl_offset:(\d+)/.exec(info)?.[1]
      return /state=online/.test(info) && new RegExp(`offset=${offset},`).test(info)
    })
  await isCaughtUp()
  return {
    primary,
    replica,
    isCaughtUp,
    promote: async () => void (await replicaAdmin.replicaof('NO', 'ONE')),
    isPromoted: () =>
      until('the replica is a primary', async () =>
        (await replicaAdmin.info('replication')).includes('role:master'),
      ),
    async stop() {
      admin.disconnect()
      replicaAdmin.disconnect()
      await Promise.all([primary.stop(), replica.stop()])
    },
  }
}

/** A sentinel that watches a pair. It decides alone. */
export interface RedisSentinel {
  readonly port: number
  stop(): Promise<void>
}

/** Starts a sentinel. Resolves when it can promote the replica. */
export async function startSentinel(pair: RedisPair): Promise<RedisSentinel> {
  if (REDIS_PROGRAM === undefined) throw new Error(NO_REDIS)
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-sentinel-'))
  const file = join(folder, 'sentinel.conf')
  writeFileSync(file, sentinelConfig(port, pair.primary.port, folder))
  const child = spawn(REDIS_PROGRAM, [file, '--sentinel'], { stdio: ['ignore', 'ignore', 'inherit'] })
  const admin = new Redis(port, '127.0.0.1')
  admin.on('error', () => undefined)
  await until('the sentinel knows the replica', async () => {
    const replicas = (await admin.call('SENTINEL', 'REPLICAS', PRIMARY_NAME)) as string[][]
    const [replica = []] = replicas
    // A sentinel promotes a replica only after it has received its state.
    const about = new Map(replica.flatMap((name, at) => (at % 2 === 0 ? [[name, replica[at + 1]]] : [])))
    return about.get('flags') === 'slave' && about.get('master-link-status') === 'ok'
  })
  admin.disconnect()
  return { port, stop: () => end(child, folder) }
}

function sentinelConfig(port: number, primaryPort: number, folder: string): string {
  return [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${PRIMARY_NAME} 127.0.0.1 ${primaryPort} 1`,
    `sentinel down-after-milliseconds ${PRIMARY_NAME} ${LOST_AFTER_MS}`,
    `sentinel failover-timeout ${PRIMARY_NAME} 5000`,
    '',
  ].join('\n')
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  rmSync(folder, { recursive: true, force: true })
}

/** An address that stays the same while the server behind it changes, as hosted services have. */
export interface Switch {
  readonly url: string
  /** Sends new connections to that port, and breaks all open connections. */
  leadTo(port: number): void
  stop(): Promise<void>
}

export async function startSwitch(toPort: number): Promise<Switch> {
  let target = toPort
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const onward = connect(target, '127.0.0.1')
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(one)
      one.on('error', () => undefined)
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo(port) {
      target = port
      breakAll()
    },
    async stop() {
      breakAll()
      server.close()
      await once(server, 'close')
    },
  }
}
