const PAUSE_MS = 25
const MOST_MS = 20_000

/** Asks again and again until the answer is yes; throws after 20 seconds of no. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAtMs = performance.now() + MOST_MS
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
  throw new Error(`waited in vain until ${what}`, { cause: lastError })
}
