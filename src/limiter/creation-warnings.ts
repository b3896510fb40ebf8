import cluster from 'node:cluster'
import { sharedState } from '../errors/shared-state.ts'
import { warn } from '../errors/warning.ts'
import { memoryStatsOf } from '../stores/memory/memory-stats.ts'
import type { Store } from '../stores/store.ts'

/** Stack frames that exist only while a server handles a request. */
const REQUEST_FRAME =
  /node:_http_server|node:internal\/http2\/core|[\\/](?:router|express)[\\/]lib[\\/](?:router[\\/])?layer\.js/

/** The warning appears once for each name, and for a bounded number of names: an app may make a name for each request. */
const MOST_WARNED = 50

const shared = sharedState(Symbol.for('express-tollgate.creation-warnings'), () => ({
  /** The names of the limiters that were created in a request. */
  createdInRequest: new Set<string>(),
  hasWarnedOfWorker: false,
  /** How many limiters of each name count in a store that was passed to them. */
  namesInStore: new WeakMap<Store, Map<string, number>>(),
}))

/**
 * Warns of a limiter that is created while a request is handled: a new limiter for each request counts nothing. The
 * stack shows it. Only creation pays for reading the stack.
 */
export function warnIfHandlingRequest(limiterName: string): void {
  if (shared.createdInRequest.has(limiterName) || shared.createdInRequest.size >= MOST_WARNED) return
  if (!REQUEST_FRAME.test(wholeStack())) return
  shared.createdInRequest.add(limiterName)
  warn(
    'TOLLGATE_CREATED_IN_REQUEST',
    `The limiter '${limiterName}' was created while a request was handled, so it starts with empty counters. Create it when the app starts.`,
  )
}

function wholeStack(): string {
  const { stackTraceLimit } = Error
  try {
    Error.stackTraceLimit = Number.POSITIVE_INFINITY
    return new Error('stack').stack ?? ''
  } catch {
    // With --frozen-intrinsics the limit cannot be raised. Then there is no warning.
    return ''
  } finally {
    if (Error.stackTraceLimit !== stackTraceLimit) Error.stackTraceLimit = stackTraceLimit
  }
}

/**
 * Warns once in a worker of node:cluster or PM2 that counts in its own memory: its counters are not those of the
 * other workers, and each worker grants the whole limit.
 */
export function warnIfWorkerCountsAlone(limiterName: string, store: Store): void {
  if (shared.hasWarnedOfWorker) return
  const { pm_id: pm2Id, instances } = process.env
  // PM2 starts workers of node:cluster too. It gives each process their number.
  const count = pm2Id !== undefined && instances !== undefined ? Number(instances) : Number.NaN
  if (count === 1 || !(cluster.isWorker || count > 1)) return
  if (memoryStatsOf(store) === undefined && !hasOwnLeases(store)) return
  shared.hasWarnedOfWorker = true
  const others = count > 1 ? `each of the ${count} workers` : 'each worker'
  const times = count > 1 ? `${count} times the limit` : 'the limit times the number of workers'
  warn(
    'TOLLGATE_WORKER_COUNTS_ALONE',
    `The limiter '${limiterName}' counts in the memory of this worker process, and ${others} grants the limit ` +
      `by itself: a client gets up to ${times}. Share the counters with ${hasOwnLeases(store) ? 'RedisLeases' : 'a RedisStore'}, or divide the limits by ` +
      `the number of workers${count > 1 ? ` (${count})` : ''}.`,
  )
}

/** Whether a store keeps the leases of this process only. */
function hasOwnLeases({ capabilities }: Store): boolean {
  return capabilities?.leases === true && !capabilities.shared
}

/** Notes that a limiter counts in a store under its name. Warns where another limiter has the same name there. */
export function claimName(store: Store, limiterName: string): void {
  const names = shared.namesInStore.get(store) ?? new Map<string, number>()
  shared.namesInStore.set(store, names)
  const others = names.get(limiterName) ?? 0
  names.set(limiterName, others + 1)
  if (others === 0) return
  warn(
    'TOLLGATE_NAME_SHARED',
    `Two limiters named '${limiterName}' share a store, and so they share their counters. Give each limiter a name of its own.`,
  )
}

/** Notes that a limiter does not count any more. */
export function releaseName(store: Store, limiterName: string): void {
  const names = shared.namesInStore.get(store)
  names?.set(limiterName, Math.max(0, (names.get(limiterName) ?? 0) - 1))
}
