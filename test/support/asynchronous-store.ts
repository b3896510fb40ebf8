import type { MemoryStore, Store } from '../../src/index.ts'

/** A store with the same counters whose methods return promises, like a store in a network. */
export function asynchronous(store: MemoryStore): Store {
  return {
    capabilities: store.capabilities,
    consume: async (charge) => store.consume(charge),
    peek: async (charge) => store.peek(charge),
    settle: async (receipt, cost) => store.settle(receipt, cost),
    block: async (key, forMs) => store.block(key, forMs),
    unblock: async (key) => store.unblock(key),
    reset: async (key) => store.reset(key),
  }
}
