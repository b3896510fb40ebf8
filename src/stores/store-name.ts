import type { Store } from './store.ts'

/** What messages call a store: the name of its class, where it has one. */
export function storeName(store: Store): string {
  const name = store.constructor?.name ?? ''
  return name === '' || name === 'Object' ? 'the store' : name
}
