export type { PersistOptions } from './persist-option.ts'
export { PersistentMemoryStore, type PersistentMemoryStoreOptions } from './persistent-memory-store.ts'
