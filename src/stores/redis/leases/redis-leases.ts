import { randomUUID } from 'node:crypto'
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
import type { Decision, Receipt } from '../../../limits/decision.ts'
import { type Lease, type LeaseStore, leaseDecision, limitOfCharge } from '../../leases/lease.ts'
import { CallDeadline } from '../../resilience/call-deadline.ts'
import type { Charge, StoreCapabilities } from '../../store.ts'
import { connectionOf, keyPrefixOf } from '../clients/detect-client.ts'
import type { RedisConnection } from '../clients/redis-connection.ts'
import { serverAddressOf } from '../clients/server-address.ts'
import { deleteAll } from '../delete-all.ts'
import { isReplyOfHealthyRedis } from '../error-replies.ts'
import { answersWithin, connectionWaitMs, READY_KEY } from '../readiness.ts'
import { keyPattern, redisKeysOf } from '../redis-key.ts'
import { HeldLeases } from './held-leases.ts'
import { type LeaseReply, runLeaseScript } from './lease-script.ts'
import { leasesSettingsOf, type RedisLeasesOptions } from './redis-leases-options.ts'

/**
 * Leases in Redis, for all processes that share it: `createConcurrencyLimiter({ limit: 5, store: new RedisLeases({ client }) })`.
 *
 * A lease is an entry of a sorted set that expires by the time of the server. One timer of the process renews the leases
 * of requests that still run. The leases of a process that dies expire within `leaseMs`. Never more leases of a client
 * live than the limit has places.
 */
export class RedisLeases implements LeaseStore {
  readonly capabilities: StoreCapabilities = {
    algorithms: [],
    severalLimits: false,
    leases: true,
    shared: true,
  }
  /** How long an answer may take, in milliseconds. */
  readonly deadlineMs: number
  /** How long an answer may take until Redis has answered for the first time, in milliseconds from the first use. */
  readonly connectDeadlineMs: number
  /** The server and the database, as far as the client shows them, and the prefix. */
  readonly countersAt: string
  readonly #connection: RedisConnection
  readonly #deadline: CallDeadline
  readonly #prefix: string
  readonly #keyOf: (key: string) => string
  readonly #leaseMs: number
  readonly #held: HeldLeases
  /** Ids of leases begin with it: no two stores have one in common. */
  readonly #id = randomUUID()
  #lastLease = 0
  #isClosed = false

  /** @throws RateLimiterError `unknown_option` or `invalid_option` */
  constructor(options: RedisLeasesOptions) {
    const { client, prefix, leaseMs, deadlineMs, connectDeadlineMs } = leasesSettingsOf(options)
    this.deadlineMs = deadlineMs
    this.connectDeadlineMs = connectDeadlineMs
    this.#leaseMs = leaseMs
    this.#connection = connectionOf(client)
    this.#prefix = `${keyPrefixOf(client)}${prefix}:leases`
    this.#keyOf = redisKeysOf(this.#prefix)
    this.countersAt = `${serverAddressOf(client)} ${this.#prefix}`
    this.#deadline = new CallDeadline(deadlineMs, connectionWaitMs(connectDeadlineMs))
    this.#held = new HeldLeases(leaseMs, (key, limit, ids) => this.#run('take', key, limit, ids))
  }

  /**
   * Resolves when Redis is connected and runs the script. Call it before the server listens, so that the first requests do
   * not wait for the connection.
   *
   * @throws RateLimiterError `store_failed` with the cause, if that takes longer than `connectDeadlineMs`; `closed`
   */
  async ready(): Promise<void> {
    this.#checkOpen()
    await answersWithin(this.connectDeadlineMs, this.#run('release', READY_KEY, 0, []))
  }

  /** Why Redis is not connected. Undefined if it is, or if the client does not show it. */
  problem(): Error | undefined {
    return this.#connection.problem()
  }

  /** Whether the failure of a call is a reply of a Redis that works. */
  isAlive(error: unknown): boolean {
    return isReplyOfHealthyRedis(error)
  }

  async consume(charge: Charge): Promise<Decision> {
    this.#checkOpen()
    const limit = limitOfCharge(charge)
    const id = `${this.#id}:${++this.#lastLease}`
    const takenAtMs = performance.now()
    const { held, live } = await this.#run('take', charge.key, limit.limit, [id], charge)
    if (held === 0) return leaseDecision(limit, { taken: live, allowed: false })
    const lease = this.#lease(charge, limit.limit, id, takenAtMs)
    // The request has been decided without this answer, and nobody else would release the lease.
    if (charge.isAbandoned === true) lease.release()
    return leaseDecision(limit, { taken: live, allowed: true }, lease)
  }

  async peek(charge: Charge): Promise<Decision> {
    this.#checkOpen()
    const limit = limitOfCharge(charge)
    const { live } = await this.#run('count', charge.key, limit.limit, [])
    return leaseDecision(limit, { taken: live, allowed: live < limit.limit })
  }

  /** A lease is one place: it is kept, or with a cost of 0 it is given back. */
  settle(receipt: Receipt, cost: number): number {
    if (cost > 0) return 1
    ;(receipt as Partial<Lease>).release?.()
    return 0
  }

  async reset(key: string): Promise<void> {
    this.#checkOpen()
    this.#held.forget(key)
    await this.#connection.ready(this.#deadline.lengthMs)
    await this.#connection.delete(this.#keyOf(key))
  }

  /** Scans all keys of all servers, and deletes those that start with the prefix. */
  async resetAll(): Promise<void> {
    this.#checkOpen()
    this.#held.clear()
    await this.#connection.ready(this.#deadline.lengthMs)
    const primaries = await this.#connection.primaries()
    await Promise.all(primaries.map((send) => deleteAll(send, keyPattern(this.#prefix))))
  }

  /**
   * Closes the connections that the store has opened. The application closes its client. Leases of requests that still run
   * are renewed no longer.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#held.clear()
    await this.#connection.close()
  }

  #lease({ key }: Charge, limit: number, id: string, takenAtMs: number): Lease {
    this.#held.add(id, { key, limit, renewedAtMs: takenAtMs })
    let isHeld = true
    return {
      release: () => {
        if (!isHeld) return
        isHeld = false
        this.#held.delete(id)
        // A lease that Redis does not get to release expires, because it is not renewed any more.
        if (!this.#isClosed) this.#run('release', key, limit, [id]).catch(() => undefined)
      },
    }
  }

  /** @param charge nothing is sent for a charge that is abandoned */
  async #run(
    verb: 'take' | 'release' | 'count',
    key: string,
    limit: number,
    ids: readonly string[],
    charge?: Charge,
  ): Promise<LeaseReply> {
    const connecting = this.#connection.ready(this.#deadline.lengthMs)
    if (connecting !== undefined) {
      await connecting
      if (charge?.isAbandoned === true) throw new Error('Redis was connected too late')
    }
    const args = [verb, String(limit), String(this.#leaseMs), ...ids]
    const reply = await runLeaseScript(this.#connection, this.#keyOf(key), args)
    this.#deadline.answered()
    return reply
  }

  #checkOpen(): void {
    if (!this.#isClosed) return
    throw new RateLimiterError({
      code: 'closed',
      problem: 'this RedisLeases was closed',
      remedy: 'Close it after the last request.',
    })
  }
}
