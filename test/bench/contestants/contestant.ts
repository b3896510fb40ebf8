import type { RequestHandler } from 'express'

/** Who is measured. From the bare Map on they are floors: what cannot be done for less. */
export type ContestantName =
  | 'express-tollgate'
  | 'express-rate-limit'
  | 'rate-limiter-flexible'
  | 'bare Map'
  | 'bare Express'
  | 'bare headers'
  | 'bare 429, res.json'
  | 'bare 429, res.end'

/** What a counter is made from. */
export interface CounterSettings {
  /** Folder of the build of express-tollgate. */
  readonly dist: string
  readonly limit: number
  readonly windowMs: number
  /** For express-tollgate alone: the others have no ceiling. */
  readonly maxKeys: number
}

/** What express-tollgate's memory store tells of itself. */
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

/** One of those that are compared; what it lacks, it cannot do. */
export interface Contestant {
  readonly name: ContestantName
  createCounter?(settings: CounterSettings): Promise<Counter>
  createGate?(settings: GateSettings): Promise<Gate>
}
