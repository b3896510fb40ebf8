import { warn } from '../errors/warning.ts'
import type { LimiterDescription } from '../limits/limiter-description.ts'
import type { Store } from '../stores/store.ts'
import { storeName } from '../stores/store-name.ts'

const warned = new WeakSet<LimiterDescription>()

/** Warns once for each limiter that one request has charged the same counter twice, through two stores. */
export function warnOfDoubleCharge(limiter: LimiterDescription, store: Store): void {
  if (warned.has(limiter)) return
  warned.add(limiter)
  warn(
    'TOLLGATE_COUNTER_CHARGED_TWICE',
    `Two limiters named '${limiter.name}' charged one counter twice for one request: each has a ${storeName(store)} of its ` +
      'own, and both stores have the same server and prefix. Give each limiter a name of its own, or use one limiter in both places.',
  )
}
