import type { LimiterDescription } from './limiter-description.ts'

/** Property under which a guarded server carries its guards. Registered by name, for other copies of this library. */
const GUARDS: unique symbol = Symbol.for('express-tollgate.guards')

interface GuardedServer {
  [GUARDS]?: readonly LimiterDescription[]
}

/** Notes on a server that a limiter guards it. */
export function noteGuard(server: object, limiter: LimiterDescription): void {
  const guarded = server as GuardedServer
  const guards = [...(guarded[GUARDS] ?? []), limiter]
  Object.defineProperty(server, GUARDS, { value: guards, configurable: true, enumerable: false })
}

/** The limiters that guard a server, in the order in which they charge. */
export function guardsOf(server: object): readonly LimiterDescription[] {
  // A guard that is added later wraps the others, and so charges first.
  return [...((server as GuardedServer)[GUARDS] ?? [])].reverse()
}
