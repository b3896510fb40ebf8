import { RateLimiterError } from '../errors/rate-limiter-error.ts'
import type { Store } from './store.ts'
import { storeName } from './store-name.ts'

/**
 * Throws for a cost that a store cannot count.
 *
 * @param cost units, a whole number from 0
 */
export function checkUnitCost(store: Store, cost: number): void {
  if (cost <= 1 || store.capabilities?.unitCostOnly !== true) return
  throw new RateLimiterError({
    code: 'unsupported_by_store',
    option: 'cost',
    value: cost,
    problem: `${storeName(store)} counts charges of one unit only`,
    remedy: 'Leave it out, or use another store.',
  })
}
