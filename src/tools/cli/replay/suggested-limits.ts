/** How many clients have had a peak of so many units. */
export interface PeakCount {
  readonly units: number
  readonly clients: number
}

/** A limit, and whom it would have refused. */
export interface SuggestedLimit {
  /** The share of the clients that may be refused, from 0 to 1. */
  readonly share: number
  /** The lowest limit that refuses no larger share, in units. */
  readonly limit: number
  /** The clients that it would have refused: those whose peak is above it. */
  readonly refusedClients: number
}

/** The shares of the busiest clients for which limits are told. */
export const SHARES: readonly number[] = [0, 0.001, 0.01, 0.05]

/** The peaks of clients from the lowest to the highest; those of 0 have asked for nothing and are left out. */
export function countPeaks(peaks: Iterable<number>): PeakCount[] {
  const byUnits = new Map<number, number>()
  for (const units of peaks) {
    if (units > 0) byUnits.set(units, (byUnits.get(units) ?? 0) + 1)
  }
  return [...byUnits].sort(([one], [other]) => one - other).map(([units, clients]) => ({ units, clients }))
}

/**
 * The lowest limit that would have refused at most `share` of the clients: of n clients, the peak of the one that
 * comes after the floor(share * n) busiest. Undefined where there is no client.
 */
export function limitFor(counts: readonly PeakCount[], share: number): SuggestedLimit | undefined {
  const total = counts.reduce((sum, { clients }) => sum + clients, 0)
  const most = Math.floor(share * total)
  let above = 0
  for (const { units, clients } of counts.toReversed()) {
    if (above + clients > most) return { share, limit: units, refusedClients: above }
    above += clients
  }
  return undefined
}

/** How many clients have their peak above a limit. */
export function clientsAbove(counts: readonly PeakCount[], limit: number): number {
  return counts.reduce((sum, { units, clients }) => sum + (units > limit ? clients : 0), 0)
}
