import { readFileSync } from 'node:fs'
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'

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
  /** Versions by the names of packages. */
  readonly packages: Readonly<Record<string, string>>
}

const PACKAGES = ['express', 'express-rate-limit', 'rate-limiter-flexible', 'autocannon'] as const

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
    packages: { 'express-tollgate': versionIn('../..'), ...Object.fromEntries(versions) },
  }
}

/** The machine in two lines. */
export function machineText({ cpu, cores, memoryGiB, os, node, v8, loadBefore, packages }: Machine): string {
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`)
  return [
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${os}, load ${loadBefore.toFixed(2)} before the start`,
    `Node ${node}, V8 ${v8}, ${versions.join(', ')}`,
  ].join('\n')
}

function versionIn(folder: string): string {
  const path = fileURLToPath(new URL(`${folder}/package.json`, import.meta.url))
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }).version
}
