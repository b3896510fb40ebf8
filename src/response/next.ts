/**
 * Passes the request to the next handler, or an error to the error handler of the app. Express's `next` fits.
 */
export type Next = (error?: unknown) => void
