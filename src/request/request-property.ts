import { IncomingMessage } from 'node:http'
import { requestRecordOf } from './record-of-request.ts'
import type { RequestRecord } from './request-record.ts'

/** Sets a property that handlers read on the request, such as `req.rateLimit`. */
export interface RequestProperty {
  /** How {@link RequestRecord.visitShownIn} calls the place. */
  readonly place: string
  /** @param read as {@link RequestRecord.setValue} takes it */
  readonly set: (req: IncomingMessage, record: RequestRecord, read: () => unknown) => void
}

/**
 * Compiles how requests carry values under a name such as `rateLimit`.
 *
 * The prototype that all requests of an Express app share gets an accessor, as it has for `req.ip`. The value is in the
 * record of the request (request-record.ts).
 */
export function requestProperty(name: string): RequestProperty {
  let prepared: object | undefined
  return {
    place: `req.${name}`,
    set(req, record, read) {
      const prototype: object = Object.getPrototypeOf(req)
      if (prototype !== prepared) {
        if (!ensureAccessor(prototype, name)) {
          const carrier = req as unknown as Record<string, unknown>
          carrier[name] = read()
          return
        }
        prepared = prototype
      }
      // Middleware before may have put a property of its own on the request, which hides the accessor.
      if (Object.hasOwn(req, name)) Reflect.deleteProperty(req, name)
      record.setValue(name, read)
    },
  }
}

/** Marks the accessors of this library, those of another copy of it too. They read records of the same shape. */
const MARK = Symbol.for('express-tollgate.accessor.2')

/** Makes sure that requests with this prototype have the accessor. Returns false where they cannot have it. */
function ensureAccessor(prototype: object, name: string): boolean {
  const root = rootOf(prototype)
  if (root === undefined) return false
  const present = Object.getOwnPropertyDescriptor(root, name)
  if (present !== undefined) return present.get !== undefined && MARK in present.get
  return !(name in prototype) && Reflect.defineProperty(root, name, accessorOf(name))
}

/** The last object in the prototype chain before Node's own; undefined where the chain holds none. */
function rootOf(prototype: object): object | undefined {
  let root: object | undefined
  for (let current: object | null = prototype; current !== null; current = Object.getPrototypeOf(current)) {
    if (current === IncomingMessage.prototype) return root
    root = current
  }
  return undefined
}

function accessorOf(name: string): PropertyDescriptor {
  function get(this: IncomingMessage): unknown {
    return requestRecordOf(this).readValue(name)
  }
  function set(this: IncomingMessage, value: unknown): void {
    requestRecordOf(this).setValue(name, () => value)
  }
  return { configurable: true, enumerable: true, get: Object.assign(get, { [MARK]: true }), set }
}
