import { warn } from '../errors/warning.ts'
import type { Store } from '../stores/store.ts'

/** Frames that are on the stack only while a server handles a request. */
const REQUEST_FRAME =
  /node:_http_server|node:internal\/http2\/core|[\\/](?:router|express)[\\/]lib[\\/](?:router[\\/])?layer\.js/

/** A mistake that is made once a request is told once a name, and not for every name somebody makes up. */
const MOST_WARNED = 50
const warnedInRequest = new Set<string>()

/**
 * Warns of a limiter that is created anew for each request: its counters would start from nothing each time.
 * The stack tells, at a cost that only creation pays.
 */
export function warnIfHandlingRequest(limiterName: string): void {
  if (warnedInRequest.has(limiterName) || warnedInRequest.size >= MOST_WARNED) return
  if (!REQUEST_FRAME.test(wholeStack())) return
  warnedInRequest.add(limiterName)
  warn(
    'TOLLGATE_CREATED_IN_REQUEST',
    `The limiter '${limiterName}' was created while handling a request, and has counted nobody yet. Create it when the app starts.`,
  )
}

function wholeStack(): string {
  const { stackTraceLimit } = Error
  try {
    Error.stackTraceLimit = Number.POSITIVE_INFINITY
    return new Error('where am I?').stack ?? ''
  } catch {
    // With --frozen-intrinsics the limit cannot be raised, and nothing is told.
    return ''
  } finally {
    if (Error.stackTraceLimit !== stackTraceLimit) Error.stackTraceLimit = stackTraceLimit
  }
}

/** The names under which limiters count in a store that was passed to them. */
const namesInStore = new WeakMap<Store, Map<string, number>>()

/** Notes that a limiter counts in a store under its name; warns of a name that another one has there. */
export function claimName(store: Store, limiterName: string): void {
  const names = namesInStore.get(store) ?? new Map<string, number>()
  namesInStore.set(store, names)
  const others = names.get(limiterName) ?? 0
  names.set(limiterName, others + 1)
  if (others === 0) return
  warn(
    'TOLLGATE_NAME_SHARED',
    `Two limiters named '${limiterName}' share a store and count in each other's place. Give each a name of its own.`,
  )
}

/** Notes that a limiter counts no more. */
export function releaseName(store: Store, limiterName: string): void {
  const names = namesInStore.get(store)
  names?.set(limiterName, Math.max(0, (names.get(limiterName) ?? 0) - 1))
}
