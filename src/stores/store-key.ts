import { REQUEST_CLASSES, type RequestClass } from '../limits/request-class.ts'
import { KeyMemo } from './key-memo.ts'

/** A store key that a limiter remembers, and the memo in which a store may keep where it has found the key. */
export class StoreKey extends KeyMemo {
  readonly text: string

  constructor(text: string) {
    super()
    this.text = text
  }
}

/** The store key of a client for a class. */
export type StoreKeyOf = (requestClass: RequestClass, clientKey: string) => string

/**
 * Compiles the store keys of one limiter. Different (name, class, client key) always have different keys:
 * colons in the name are escaped, so that the second colon of a key always ends the class.
 */
export function storeKeysOf(limiterName: string): StoreKeyOf {
  const name = limiterName.replace(/[%:]/g, (character) => (character === '%' ? '%25' : '%3A'))
  const prefixes = Object.fromEntries(
    REQUEST_CLASSES.map((requestClass) => [requestClass, `${name}:${requestClass}:`]),
  ) as Readonly<Record<RequestClass, string>>
  return (requestClass, clientKey) => prefixes[requestClass] + clientKey
}
