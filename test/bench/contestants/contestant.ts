import type { RequestHandler } from 'express'
import type { MaybePromise } from '../../../src/maybe-promise.ts'

/** Who is measured. The bare ones are floors, what cannot be done for less; `floor` counts besides. */
export type ContestantName =
  | 'express-tollgate'
  | 'express-rate-limit'
  | 'rate-limiter-flexible'
  | 'rate-limit-redis'
  | 'rate-limiter-flexible, in-memory block'
  | 'express-tollgate, one call each'
  | 'express-tollgate, MemoryStore'
  | 'express-tollgate, allow'
  | 'express-tollgate, deny'
  | 'express-tollgate, metrics'
  | 'bare Map'
  | 'bare INCR'
  | 'bare EVALSHA'
  | 'bare Express'
  | 'bare headers'
  | 'floor'
  | 'bare 429, res.json'
  | 'bare 429, res.end'
  | 'bare 429, same fields'

/** What a counter is made from. */
export interface CounterSettings {
  /** Folder of the build of express-tollgate. */
  readonly dist: string
  readonly limit: number
  readonly windowMs: number
  /** For express-tollgate alone: the others have no ceiling. */
  readonly maxKeys: number
}

/** The statistics of express-tollgate's memory store. */
export interface StoreStats {
  readonly keys: number
  readonly maxKeys: number
  readonly bytes: number
  readonly unexpiredEvictions: number
  readonly overflowed: number
}

interface Tally<Answer> {
  isAdmitted(answer: Answer): boolean
  /** Units used in the present window, those of this answer included. */
  usedOf(answer: Answer): number
  /** Clients remembered, expired ones that are still held included. */
  size(): number
  /** Bans a client, where that can be done. */
  block?(key: string, forMs: number): void
  stats?(): StoreStats | undefined
  /** Lets go of timers and clients. */
  close(): void
}

/** A store that answers as it is asked. */
export interface DirectCounter<Answer = unknown> extends Tally<Answer> {
  readonly answers: 'directly'
  ask(key: string): Answer
}

/** A store that answers with a promise, and rejects with its answer when it refuses, if it likes. */
export interface PromisingCounter<Answer = unknown> extends Tally<Answer> {
  readonly answers: 'with a promise'
  ask(key: string): Promise<Answer>
}

export type Counter = DirectCounter | PromisingCounter

/** The packages that speak to Redis for the contestants. */
export type RedisPackage = 'ioredis' | 'node-redis'

/** What a counter in Redis is made from. */
export interface RedisCounterSettings extends Pick<CounterSettings, 'dist' | 'limit' | 'windowMs'> {
  readonly url: string
  readonly through: RedisPackage
}

/** Counts in Redis. It may answer directly what it need not ask Redis. */
export interface RedisCounter<Answer = unknown> {
  /** Rejects with what is no error when it refuses, if it likes. */
  ask(key: string): MaybePromise<Answer>
  isAdmitted(answer: Answer): boolean
  /** Units that Redis holds against a key in the present window. */
  usedOf(key: string): Promise<number>
  /** Whether a request that is refused is counted in Redis as well. */
  readonly countsRefusals: boolean
  /** Lets go of its connections. */
  close(): Promise<void>
}

/** What middleware is made from. `legacy`: X-RateLimit-*; `draft`: the newest RateLimit fields besides. */
export interface GateSettings extends CounterSettings {
  readonly headers: 'legacy' | 'draft'
}

/** Middleware before a handler. */
export interface Gate {
  readonly handler: RequestHandler
  /** Clients remembered; undefined where there are none to remember. */
  clients(): number | undefined
}

/** Middleware that counts in Redis. */
export interface RedisGate {
  readonly handler: RequestHandler
  /** Lets go of its connections. */
  close(): Promise<void>
}

/** One of those that are compared; what it lacks, it cannot do. */
export interface Contestant {
  readonly name: ContestantName
  createCounter?(settings: CounterSettings): Promise<Counter>
  createRedisCounter?(settings: RedisCounterSettings): Promise<RedisCounter>
  createGate?(settings: GateSettings): Promise<Gate>
  createRedisGate?(settings: RedisCounterSettings): Promise<RedisGate>
}
