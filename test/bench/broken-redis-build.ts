import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type RedisBreakage =
  | 'refuses every client'
  | 'admits every client without asking Redis'
  | 'counts one decision twice'
  | 'never fails'

const ANSWER = (allowed: string): string => `({
  allowed: ${allowed}, retryAfterMs: 1, limits: [{ remaining: ${allowed} ? charge.limits[0].limit - 1 : 0 }],
})`

/** A store that counts in Redis by a bare INCR, or pretends to. */
const storeThat = (consume: string): string => `export class RedisStore {
  capabilities = { algorithms: ['fixed-window'], severalLimits: true, bans: false, shared: true }
  constructor({ client }) { this.client = client }
  async consume(charge) { ${consume} }
  async peek(charge) {
    return { limits: [{ remaining: charge.limits[0].limit - Number(await this.client.get(charge.key)) }] }
  }
  async close() {}
}`

/** Builds whose Redis part does not do what a benchmark takes for granted, for the tests of its checks. */
const BUILDS: Readonly<Record<RedisBreakage, string>> = {
  'refuses every client': storeThat(`return ${ANSWER('false')}`),
  'admits every client without asking Redis': storeThat(`return ${ANSWER('true')}`),
  'counts one decision twice': storeThat(`
    this.asked = (this.asked ?? 0) + 1
    await this.client.incrby(charge.key, this.asked === 200 ? 2 : 1)
    return ${ANSWER('true')}`),
  'never fails':
    storeThat(`return { allowed: true, retryAfterMs: 0, limits: charge.limits.map(({ name, limit }) => ({
    name, limit, remaining: limit - (this.asked = (this.asked ?? 0) + 1), resetMs: 1000 })) }`),
}

/** A folder with such a build: only its Redis part differs from `dist`. */
export function breakRedisPart(
  breakage: RedisBreakage,
  dist: string,
): { readonly dist: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-broken-'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'index.js'), `export * from ${JSON.stringify(join(dist, 'index.js'))}`)
  writeFileSync(join(folder, 'redis.js'), BUILDS[breakage])
  return { dist: folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
