/**
 * A process that asks for leases of one client and keeps them. REDIS_URL has the address of Redis. It answers each message
 * with how many of so many leases it got.
 */
import { Redis } from 'ioredis'
import type { Lease } from '../../../src/stores/leases/lease.ts'
import { RedisLeases } from '../../../src/stores/redis/leases/redis-leases.ts'

/** Asks for leases, or (with `release`) gives all back. */
export interface LeaseOrder {
  readonly take: number
  readonly limit: number
  readonly release?: boolean
}

const { REDIS_URL = '', LEASE_MS = '' } = process.env

if (REDIS_URL !== '') {
  const client = new Redis(REDIS_URL)
  const store = new RedisLeases({ client, leaseMs: Number(LEASE_MS), deadlineMs: 10_000 })
  const leases: Lease[] = []
  process.on('message', async ({ take, limit, release }: LeaseOrder) => {
    if (release === true) for (const lease of leases.splice(0)) lease.release()
    const one = {
      name: 'x',
      limit,
      burst: limit,
      windowMs: 1000,
      ttlMs: 1000,
      algorithm: 'fixed-window',
    } as const
    const charge = { key: 'client', limits: [one], cost: 1 }
    const decisions = await Promise.all(Array.from({ length: take }, () => store.consume(charge)))
    const taken = decisions.flatMap(({ receipt }) => (receipt === undefined ? [] : [receipt as Lease]))
    leases.push(...taken)
    process.send?.(taken.length)
  })
  process.once('disconnect', () => process.exit())
  await store.ready()
  process.send?.('started')
}
