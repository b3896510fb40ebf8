import type { RequestClass } from '../limits/request-class.ts'

/**
 * What stands before the client key in the key of a charge. Escaping the limiter's name keeps
 * (name, class, client key) apart whatever they hold: the second colon is always the one that ends the class.
 */
export function storeKeyPrefix(limiterName: string, requestClass: RequestClass): string {
  const name = limiterName.replace(/[%:]/g, (character) => (character === '%' ? '%25' : '%3A'))
  return `${name}:${requestClass}:`
}
