/** The two classes of requests. Each class has its own limits. */
export type RequestClass = 'read' | 'write'

/** Both classes, in the order in which reports list them. */
export const REQUEST_CLASSES: readonly RequestClass[] = ['read', 'write']
