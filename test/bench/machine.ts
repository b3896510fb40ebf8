import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'
import { REDIS_PROGRAM } from '../support/redis/redis-server.ts'

/** Where figures were taken, without which they say little. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly os: string
  readonly node: string
  readonly v8: string
  /** The load average over the minute before: beside others, timings are worth less. */
  readonly loadBefore: number
  /** What the server of Redis says of itself; undefined where there is none. */
  readonly redis: string | undefined
  /** Versions by the names of packages. */
  readonly packages: Readonly<Record<string, string>>
}

const PACKAGES = [
  'express',
  'express-rate-limit',
  'rate-limiter-flexible',
  'rate-limit-redis',
  'ioredis',
  'redis',
  'autocannon',
] as const

/** The machine that this process runs on, and what is installed. */
export function describeMachine(): Machine {
  const versions = PACKAGES.map((name) => [name, versionIn(`../../node_modules/${name}`)] as const)
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()} ${arch()}`,
    node: process.version,
    v8: process.versions.v8,
    loadBefore: loadavg()[0] ?? 0,
    redis: redisVersion(),
    packages: { 'express-tollgate': versionIn('../..'), ...Object.fromEntries(versions) },
  }
}

/** The machine in a few lines. */
export function machineText(machine: Machine): string {
  const { cpu, cores, memoryGiB, os, node, v8, loadBefore, redis, packages } = machine
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`)
  return [
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${os}, load ${loadBefore.toFixed(2)} before the start`,
    `Node ${node}, V8 ${v8}, ${versions.join(', ')}`,
    ...(redis === undefined ? [] : [redis]),
  ].join('\n')
}

function redisVersion(): string | undefined {
  if (REDIS_PROGRAM === undefined) return undefined
  const { stdout } = spawnSync(REDIS_PROGRAM, ['--version'], { encoding: 'utf8' })
  return /^.*?v=[\d.]+/.exec(stdout)?.[0]
}

function versionIn(folder: string): string {
  const path = fileURLToPath(new URL(`${folder}/package.json`, import.meta.url))
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }).version
}
