import type { RequestClass } from '../limits/request-class.ts'

/** The key under which a store keeps what a client has used of a class. */
export type StoreKeyOf = (requestClass: RequestClass, clientKey: string) => string

/**
 * Compiles the keys of one limiter. Escaping its name keeps (name, class, client key) apart whatever they
 * hold: the second colon is always the one that ends the class.
 */
export function storeKeysOf(limiterName: string): StoreKeyOf {
  const name = limiterName.replace(/[%:]/g, (character) => (character === '%' ? '%25' : '%3A'))
  const prefixes: Readonly<Record<RequestClass, string>> = { read: `${name}:read:`, write: `${name}:write:` }
  return (requestClass, clientKey) => prefixes[requestClass] + clientKey
}
