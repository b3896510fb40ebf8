/** How many clients have the same highest usage. */
export interface UsageCount {
  /** The highest usage, in units. */
  readonly units: number
  readonly clients: number
}

/** A limit that would have refused at most a share of the clients. */
export interface SuggestedLimit {
  /** The share of the clients that may be refused, from 0 to 1. */
  readonly share: number
  /** The lowest limit that refuses no larger share, in units. */
  readonly limit: number
  /** The clients that it would have refused: those whose highest usage is above it. */
  readonly refusedClients: number
}

/** The shares of refused clients for which limits are suggested. */
export const REFUSED_SHARES: readonly number[] = [0, 0.001, 0.01, 0.05]

/**
 * Counts clients by their highest usage, from the lowest to the highest. Clients that used nothing are left
 * out.
 */
export function countByUsage(highestUnits: Iterable<number>): UsageCount[] {
  const clientsByUnits = new Map<number, number>()
  for (const units of highestUnits) {
    if (units > 0) clientsByUnits.set(units, (clientsByUnits.get(units) ?? 0) + 1)
  }
  return [...clientsByUnits]
    .sort(([one], [other]) => one - other)
    .map(([units, clients]) => ({ units, clients }))
}

/**
 * The lowest limit that would have refused at most `share` of the clients: of n clients, the highest usage of
 * the client that comes after the floor(share * n) busiest clients. Undefined where there is no client.
 */
export function suggestLimit(counts: readonly UsageCount[], share: number): SuggestedLimit | undefined {
  const total = counts.reduce((sum, { clients }) => sum + clients, 0)
  const maxRefused = Math.floor(share * total)
  let refusedClients = 0
  for (const { units, clients } of counts.toReversed()) {
    if (refusedClients + clients > maxRefused) return { share, limit: units, refusedClients }
    refusedClients += clients
  }
  return undefined
}

/** The number of clients whose highest usage is above a limit. */
export function clientsAbove(counts: readonly UsageCount[], limit: number): number {
  return counts.reduce((sum, { units, clients }) => sum + (units > limit ? clients : 0), 0)
}
