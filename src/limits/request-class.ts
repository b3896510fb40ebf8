/** The two kinds of requests, each with limits of its own. */
export type RequestClass = 'read' | 'write'

/** Both classes, in the order in which reports name them. */
export const REQUEST_CLASSES: readonly RequestClass[] = ['read', 'write']
