import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort, type RedisServer, startRedis } from './redis-server.ts'
import { until } from './until.ts'

const SLOTS = 16_384
const NODES = 3

/** A server of a cluster. It keeps its slots after a restart. */
export interface ClusterNode {
  readonly port: number
  readonly url: string
  /** A connection for the commands of a test. */
  readonly admin: Redis
  /** Ends the process. The connections of clients break. */
  kill(): Promise<void>
  restart(): Promise<void>
}

/** Three primaries that share all slots. If one is lost, the other two continue. */
export interface RedisCluster {
  readonly nodes: readonly ClusterNode[]
  /** The slot of a key, as Redis computes it. */
  slotOf(redisKey: string): Promise<number>
  /** The node that had a slot first. */
  firstOwnerOf(slot: number): ClusterNode
  /** Begins to move a slot, and moves its keys. Servers answer ASK until `finishMove`. */
  beginMove(slot: number, to: ClusterNode): Promise<void>
  /** Ends the move of a slot. From then on servers answer MOVED. */
  finishMove(slot: number, to: ClusterNode): Promise<void>
  /** Resolves when all nodes answer that all slots are served. */
  isWhole(): Promise<void>
  stop(): Promise<void>
}

/** Starts three servers on loopback and makes them a cluster. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes: StartedNode[] = []
  try {
    for (let index = 0; index < NODES; index++) nodes.push(await StartedNode.start())
    await introduce(nodes)
    await untilWhole(nodes)
  } catch (error) {
    await stopAll(nodes)
    throw error
  }
  return {
    nodes,
    slotOf: (redisKey) => firstOf(nodes).admin.cluster('KEYSLOT', redisKey),
    firstOwnerOf: (slot) => nodes.find((_, index) => slot <= lastSlotOf(index)) ?? firstOf(nodes),
    beginMove: (slot, to) => beginMove(nodes, slot, to),
    finishMove: (slot, to) => finishMove(nodes, slot, to),
    isWhole: () => untilWhole(nodes),
    stop: () => stopAll(nodes),
  }
}

class StartedNode implements ClusterNode {
  readonly admin: Redis
  readonly #folder: string
  #server: RedisServer

  private constructor(server: RedisServer, folder: string) {
    this.#server = server
    this.#folder = folder
    this.admin = new Redis(server.url)
    this.admin.on('error', () => undefined)
  }

  static async start(): Promise<StartedNode> {
    // A node stores the state of the cluster in a file there, for the time after a restart.
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-cluster-'))
    return new StartedNode(await startNode(folder, await freePort()), folder)
  }

  get port(): number {
    return this.#server.port
  }

  get url(): string {
    return this.#server.url
  }

  async kill(): Promise<void> {
    await this.#server.stop()
  }

  async restart(): Promise<void> {
    this.#server = await startNode(this.#folder, this.port)
  }

  async stop(): Promise<void> {
    this.admin.disconnect()
    await this.#server.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** A server that waits for a busy processor is not lost: the others must not take it for that. */
const NODE_TIMEOUT_MS = '60000'

function startNode(folder: string, port: number): Promise<RedisServer> {
  const cluster = ['--cluster-enabled', 'yes', '--cluster-node-timeout', NODE_TIMEOUT_MS]
  return startRedis([...cluster, '--cluster-require-full-coverage', 'no', '--dir', folder], port)
}

async function introduce(nodes: readonly StartedNode[]): Promise<void> {
  await Promise.all(
    nodes.map(async ({ admin }, index) => {
      const first = index === 0 ? 0 : lastSlotOf(index - 1) + 1
      const own = Array.from({ length: lastSlotOf(index) - first + 1 }, (_, offset) => first + offset)
      await admin.call('CLUSTER', 'ADDSLOTS', ...own)
      await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
    }),
  )
  for (const { admin } of nodes) {
    for (const { port } of nodes) await admin.call('CLUSTER', 'MEET', '127.0.0.1', port)
  }
}

function lastSlotOf(index: number): number {
  return Math.floor((SLOTS * (index + 1)) / NODES) - 1
}

async function untilWhole(nodes: readonly StartedNode[]): Promise<void> {
  const isWhole = async ({ admin }: StartedNode): Promise<boolean> => {
    const info = String(await admin.cluster('INFO'))
    return [
      'cluster_state:ok',
      `cluster_slots_ok:${SLOTS}`,
      `cluster_known_nodes:${NODES}`,
      `cluster_size:${NODES}`,
    ].every((line) => info.includes(line))
  }
  await until('the cluster is whole', async () => (await Promise.all(nodes.map(isWhole))).every(Boolean))
}

async function beginMove(nodes: readonly StartedNode[], slot: number, to: ClusterNode): Promise<void> {
  const from = await ownerOf(nodes, slot)
  await to.admin.cluster('SETSLOT', slot, 'IMPORTING', await idOf(from))
  await from.admin.cluster('SETSLOT', slot, 'MIGRATING', await idOf(to))
  const keys = (await from.admin.cluster('GETKEYSINSLOT', slot, 1000)) as string[]
  if (keys.length > 0) {
    await from.admin.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...keys)
  }
}

async function finishMove(nodes: readonly StartedNode[], slot: number, to: ClusterNode): Promise<void> {
  const id = await idOf(to)
  await to.admin.cluster('SETSLOT', slot, 'NODE', id)
  for (const { admin } of nodes) await admin.cluster('SETSLOT', slot, 'NODE', id)
}

async function ownerOf(nodes: readonly StartedNode[], slot: number): Promise<ClusterNode> {
  const ranges = await firstOf(nodes).admin.cluster('SLOTS')
  const port = ranges.find(([first, last]) => first <= slot && slot <= last)?.[2]?.[1]
  const owner = nodes.find((node) => node.port === port)
  if (owner === undefined) throw new Error(`no server has slot ${slot}`)
  return owner
}

async function idOf({ admin }: ClusterNode): Promise<string> {
  return String(await admin.cluster('MYID'))
}

function firstOf(nodes: readonly StartedNode[]): StartedNode {
  const [first] = nodes
  if (first === undefined) throw new Error('a cluster has nodes')
  return first
}

async function stopAll(nodes: readonly StartedNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.stop()))
}
