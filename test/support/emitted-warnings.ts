/** A process warning, as a listener sees it. */
export interface EmittedWarning {
  readonly code: string
  readonly message: string
}

/** The warnings of this library that `work` emits. Node hands them out in the next tick. */
export async function emittedBy(work: () => unknown): Promise<EmittedWarning[]> {
  const emitted: EmittedWarning[] = []
  const note = (warning: Error & { code?: string }): void => {
    if (warning.name !== 'RateLimiterWarning') return
    emitted.push({ code: warning.code ?? 'without code', message: warning.message })
  }
  process.on('warning', note)
  try {
    await work()
    await new Promise<void>((resolve) => process.nextTick(resolve))
  } finally {
    process.off('warning', note)
  }
  return emitted
}
