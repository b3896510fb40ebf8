import { AsyncLocalStorage } from 'node:async_hooks'

/** Runs a function in the context in which this file was loaded: outside of requests, unless a request loads the library. */
const inLoadingContext = AsyncLocalStorage.snapshot()

/**
 * Starts a timer that may outlive the request in which it is started. It does not keep the process alive. It holds no
 * value of an `AsyncLocalStorage`: its callback would see the values of that request, and keep them in memory.
 *
 * @param start calls `setTimeout` or `setInterval`
 * @returns a function that ends the timer. The timer itself does not show whether there is one: a timer of jsdom, of
 *   Electron or of a mock may be a number or undefined.
 */
export function startInBackground(start: () => NodeJS.Timeout): () => void {
  const timer = inLoadingContext(start)
  const ofNode: Partial<NodeJS.Timeout> | undefined = timer
  ofNode?.unref?.()
  return () => clearTimeout(timer)
}
