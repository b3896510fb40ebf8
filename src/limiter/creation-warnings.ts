import { warn } from '../errors/warning.ts'
import type { Store } from '../stores/store.ts'

/** Stack frames that exist only while a server handles a request. */
const REQUEST_FRAME =
  /node:_http_server|node:internal\/http2\/core|[\\/](?:router|express)[\\/]lib[\\/](?:router[\\/])?layer\.js/

/** The warning appears once for each name, and for a bounded number of names: an app may make a name for each request. */
const MOST_WARNED = 50
const warnedInRequest = new Set<string>()

/**
 * Warns of a limiter that is created while a request is handled: a new limiter for each request counts nothing. The
 * stack shows it. Only creation pays for reading the stack.
 */
export function warnIfHandlingRequest(limiterName: string): void {
  if (warnedInRequest.has(limiterName) || warnedInRequest.size >= MOST_WARNED) return
  if (!REQUEST_FRAME.test(wholeStack())) return
  warnedInRequest.add(limiterName)
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

/** How many limiters of each name count in a store that was passed to them. */
const namesInStore = new WeakMap<Store, Map<string, number>>()

/** Notes that a limiter counts in a store under its name. Warns where another limiter has the same name there. */
export function claimName(store: Store, limiterName: string): void {
  const names = namesInStore.get(store) ?? new Map<string, number>()
  namesInStore.set(store, names)
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
  const names = namesInStore.get(store)
  names?.set(limiterName, Math.max(0, (names.get(limiterName) ?? 0) - 1))
}
