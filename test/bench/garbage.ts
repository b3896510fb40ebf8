/** Collects all garbage; `--expose-gc` is set in every process that measures. */
export function collectGarbage(): void {
  const collect = collector()
  // What is finalised by the first collection is gone after the second.
  collect()
  collect()
}

/** Collects what was made a short while ago, which is soon done. */
export function collectYoungGarbage(): void {
  collector()({ type: 'minor' })
}

/** Bytes in use by JavaScript: the heap, and what lies beside it, array buffers above all. */
export function bytesInUse(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** The types of Node 20 know it without its options. */
function collector(): (options?: { readonly type: 'minor' }) => void {
  if (globalThis.gc === undefined) throw new Error('This process needs --expose-gc.')
  return globalThis.gc as (options?: { readonly type: 'minor' }) => void
}
