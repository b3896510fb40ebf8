/** A process warning. */
export interface EmittedWarning {
  readonly code: string
  readonly message: string
}

/** The warnings of this library that `work` emits. Node delivers them in the next tick. */
export async function emittedBy(work: () => unknown): Promise<EmittedWarning[]> {
  const emitted: EmittedWarning[] = []
  const record = (warning: Error & { code?: string }): void => {
    if (warning.name !== 'RateLimiterWarning') return
    emitted.push({ code: warning.code ?? 'without code', message: warning.message })
  }
  process.on('warning', record)
  try {
    await work()
    await new Promise<void>((resolve) => process.nextTick(resolve))
  } finally {
    process.off('warning', record)
  }
  return emitted
}
