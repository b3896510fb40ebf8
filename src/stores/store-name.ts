import type { Store } from './store.ts'

/** The name of a store in messages: that of its class, if it has one. */
export function storeName(store: Store): string {
  const name = store.constructor?.name ?? ''
  return name === '' || name === 'Object' ? 'the store' : name
}
