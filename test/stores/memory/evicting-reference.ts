export const UNITS = 10
export const WINDOW_MS = 60_000
export const TTL_MS = 90_000

/** The ranks of clients that no new client replaces. All others have the units that they have used as their rank. */
const LIMITED = UNITS
const BANNED = UNITS + 1

interface Client {
  readonly startMs: number
  readonly used: number
  /** The cost of the latest charge where it was refused, and 0 where it was allowed. */
  readonly refusedCost: number
  readonly expiresAtMs: number
  readonly bannedUntilMs: number
}

/** What a client has left, and whether it is banned. */
export interface ClientStatus {
  readonly remaining: number
  readonly isBanned: boolean
}

const UNKNOWN: Client = { startMs: 0, used: 0, refusedCost: 0, expiresAtMs: 0, bannedUntilMs: 0 }

/**
 * The documented rule of eviction, for so few clients that all of them are compared. Each has {@link UNITS} in
 * {@link WINDOW_MS}. Its clock is never set back.
 */
export class EvictingReference {
  readonly #clients = new Map<string, Client>()
  readonly #maxKeys: number
  unexpiredEvictions = 0
  overflowed = 0

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys
  }

  get size(): number {
    return this.#clients.size
  }

  get keys(): string[] {
    return [...this.#clients.keys()]
  }

  statusOf(key: string, nowMs: number): ClientStatus | undefined {
    const client = this.#clients.get(key)
    if (client === undefined) return undefined
    const isBanned = client.bannedUntilMs > nowMs
    return { remaining: isBanned ? 0 : UNITS - usedAt(client, nowMs), isBanned }
  }

  /** Whether the charge is allowed; undefined where it is left to the shared clients of the overflow. */
  consume(key: string, cost: number, nowMs: number): boolean | undefined {
    const client = this.#clients.get(key)
    if (client !== undefined && client.bannedUntilMs > nowMs) return false
    const usedBefore = client === undefined ? 0 : usedAt(client, nowMs)
    const used = usedBefore + cost
    if (used > UNITS) {
      this.#clients.set(key, { ...(client ?? UNKNOWN), refusedCost: cost })
      return false
    }
    if (client === undefined && !this.#makeRoom(LIMITED, nowMs)) {
      this.overflowed++
      return undefined
    }
    this.#clients.set(key, {
      startMs: usedBefore === 0 ? nowMs : (client?.startMs ?? nowMs),
      used,
      refusedCost: 0,
      expiresAtMs: Math.max(client?.expiresAtMs ?? 0, nowMs + TTL_MS),
      bannedUntilMs: 0,
    })
    return true
  }

  block(key: string, forMs: number, nowMs: number): void {
    const client = this.#clients.get(key)
    if (client === undefined) this.#makeRoom(Number.POSITIVE_INFINITY, nowMs)
    const ttlMs = client === undefined || client.used === 0 ? 0 : TTL_MS
    const expiresAtMs = nowMs + Math.max(forMs, ttlMs)
    this.#clients.set(key, { ...(client ?? UNKNOWN), bannedUntilMs: nowMs + forMs, expiresAtMs })
  }

  unblock(key: string, nowMs: number): void {
    const client = this.#clients.get(key)
    if (client === undefined) return
    if (client.used === 0) this.#clients.delete(key)
    else this.#clients.set(key, { ...client, bannedUntilMs: 0, expiresAtMs: nowMs + TTL_MS })
  }

  prune(nowMs: number): void {
    for (const [key, { expiresAtMs }] of this.#clients) if (expiresAtMs <= nowMs) this.#clients.delete(key)
  }

  /** In a full store, forgets the client with the lowest rank below `bound`. */
  #makeRoom(bound: number, nowMs: number): boolean {
    if (this.size < this.#maxKeys) return true
    const rankOf = (client: Client): number => {
      if (client.bannedUntilMs > nowMs) return BANNED
      const remaining = UNITS - usedAt(client, nowMs)
      return remaining < Math.max(1, client.refusedCost) ? LIMITED : UNITS - remaining
    }
    const [first] = [...this.#clients].sort(
      ([, one], [, other]) => rankOf(one) - rankOf(other) || one.expiresAtMs - other.expiresAtMs,
    )
    if (first === undefined || rankOf(first[1]) >= bound) return false
    this.#clients.delete(first[0])
    this.unexpiredEvictions++
    return true
  }
}

function usedAt({ startMs, used }: Client, nowMs: number): number {
  return nowMs < startMs + WINDOW_MS ? used : 0
}
