const PAUSE_MS = 25
const DEADLINE_MS = 60_000

/** Calls `isSo` until it answers true. Throws if it does not within 60 seconds. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAtMs = performance.now() + DEADLINE_MS
  let lastError: unknown
  do {
    try {
      if (await isSo()) return
      lastError = undefined
    } catch (error) {
      lastError = error
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  } while (performance.now() < giveUpAtMs)
  throw new Error(`this did not happen within ${DEADLINE_MS} ms: ${what}`, { cause: lastError })
}
