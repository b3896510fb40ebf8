/** Whether a request only reads, or may write. Each of the two can have limits of its own. */
export type ReadOrWrite = 'read' | 'write'

/**
 * What a request is charged as. Each class has counters of its own. `any`: one budget serves all methods. `preflight`: a
 * browser asks whether it may send a request of another origin.
 */
export type RequestClass = ReadOrWrite | 'any' | 'preflight'

/** Both, in the order in which reports list them. */
export const READ_AND_WRITE: readonly ReadOrWrite[] = ['read', 'write']

/** All classes, in the order in which reports list them. */
export const REQUEST_CLASSES: readonly RequestClass[] = [...READ_AND_WRITE, 'any', 'preflight']
