import { IncomingMessage } from 'node:http'
import { type RequestState, requestStateOf } from './request-state.ts'

/** Lets requests carry a value under a name: compiled once, then called for each request. */
export type SetOnRequest = (req: IncomingMessage, state: RequestState, value: unknown) => void

/**
 * Compiles how requests carry values under a name such as `rateLimit`.
 *
 * A request of Express gets no property of its own, since that takes Node 20 three microseconds: Express changes the
 * prototype of each request, and what is added after that is slow. Instead the prototype that all its requests have
 * gets an accessor, as it has for `req.ip`, and the value stands in the request's state.
 */
export function requestProperty(name: string): SetOnRequest {
  let prepared: object | undefined
  return (req, state, value) => {
    const prototype: object = Object.getPrototypeOf(req)
    if (prototype !== prepared) {
      if (!ensureAccessor(prototype, name)) {
        const carrier = req as unknown as Record<string, unknown>
        carrier[name] = value
        return
      }
      prepared = prototype
    }
    state.keep(name, value)
  }
}

/** Marks accessors of this library, of another copy of it too. */
const MARK = Symbol.for('express-tollgate.accessor')

/** Has requests of a prototype have the accessor from now on; answers false where they cannot. */
function ensureAccessor(prototype: object, name: string): boolean {
  const root = rootOf(prototype)
  if (root === undefined) return false
  const present = Object.getOwnPropertyDescriptor(root, name)
  if (present !== undefined) return present.get !== undefined && MARK in present.get
  return !(name in prototype) && Reflect.defineProperty(root, name, accessorOf(name))
}

/** The last object on the way to Node's own prototype; undefined where there is none, or another way. */
function rootOf(prototype: object): object | undefined {
  let root: object | undefined
  for (let one: object | null = prototype; one !== null; one = Object.getPrototypeOf(one)) {
    if (one === IncomingMessage.prototype) return root
    root = one
  }
  return undefined
}

function accessorOf(name: string): PropertyDescriptor {
  function get(this: IncomingMessage): unknown {
    return requestStateOf(this).kept(name)
  }
  function set(this: IncomingMessage, value: unknown): void {
    requestStateOf(this).keep(name, value)
  }
  return { configurable: true, enumerable: true, get: Object.assign(get, { [MARK]: true }), set }
}
