/** A value, or a promise of it. */
export type MaybePromise<T> = T | PromiseLike<T>

/** Whether a value is a promise. */
export function isPromiseLike<T>(value: MaybePromise<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === 'function'
}

/**
 * Passes a value to `use` as soon as it is known. A value that is not a promise is passed in the same tick,
 * so that a request with a synchronous store waits for neither a promise nor a timer.
 */
export function chain<T, R>(value: MaybePromise<T>, use: (value: T) => MaybePromise<R>): MaybePromise<R> {
  // A foreign thenable may call back twice, and its `then` may return nothing. A promise made of it does
  // neither.
  return isPromiseLike(value) ? Promise.resolve(value).then(use) : use(value)
}
