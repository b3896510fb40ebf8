/**
 * The value of a promise, or a rejection with `lateError()` after `deadlineMs`. What the promise brings
 * later is ignored, a rejection included.
 */
export function withDeadline<T>(
  promise: T | PromiseLike<T>,
  deadlineMs: number,
  lateError: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(lateError()), deadlineMs)
    Promise.resolve(promise).then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
