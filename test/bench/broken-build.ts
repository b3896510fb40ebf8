import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Builds of express-tollgate that do not do what a benchmark takes for granted, for the tests of its checks. */
const BUILDS = {
  'refuses every client': `export class MemoryStore {
    size = 0
    consume() { return { allowed: false, limits: [{ remaining: 0 }] } }
    block() {}
    close() {}
  }`,
  'admits every client and counts none': `export class MemoryStore {
    size = 0
    consume({ limits: [{ limit }] }) { return { allowed: true, limits: [{ remaining: limit - 1 }] } }
    block() {}
    close() {}
  }`,
  'knows its clients and does not count': `export class MemoryStore {
    #keys = new Set()
    get size() { return this.#keys.size }
    consume({ key, limits: [{ limit }] }) {
      this.#keys.add(key)
      return { allowed: true, limits: [{ remaining: limit - 1 }] }
    }
    block() {}
    close() {}
  }`,
  'evicts without need': `export class MemoryStore {
    size = 0
    consume({ limits: [{ limit }] }) {
      this.size++
      return { allowed: true, limits: [{ remaining: limit - 1 }] }
    }
    stats() { return { unexpiredEvictions: 1 } }
    close() {}
  }`,
  'sends no headers': `export class MemoryStore {}
    export const createRateLimiter = () => (_req, _res, next) => next()`,
  'refuses every request and says nothing': `export class MemoryStore { size = 20 }
    export const createRateLimiter = () => (_req, res) => { res.statusCode = 429; res.end() }`,
  'breaks every request': `export class MemoryStore {}
    export const createRateLimiter = () => (_req, res) => { res.statusCode = 500; res.end() }`,
} as const

export type Breakage = keyof typeof BUILDS

/** A folder with such a build. */
export function breakBuild(breakage: Breakage): { readonly dist: string; remove(): void } {
  const dist = mkdtempSync(join(tmpdir(), 'tollgate-broken-'))
  writeFileSync(join(dist, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(dist, 'index.js'), BUILDS[breakage])
  return { dist, remove: () => rmSync(dist, { recursive: true, force: true }) }
}
