/** A value now, or the promise of one. */
export type MaybePromise<T> = T | PromiseLike<T>

/** Whether a value is still to come. */
export function isPromiseLike<T>(value: MaybePromise<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === 'function'
}

/**
 * Uses a value as soon as it is there: in the same tick when it is no promise, so that a request on the
 * way of a synchronous store meets neither a promise nor a timer.
 */
export function chain<T, R>(value: MaybePromise<T>, use: (value: T) => MaybePromise<R>): MaybePromise<R> {
  // A thenable of somebody else may call back twice, or answer nothing; a promise made of it does neither.
  return isPromiseLike(value) ? Promise.resolve(value).then(use) : use(value)
}
