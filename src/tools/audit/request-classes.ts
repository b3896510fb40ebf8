import type { LimiterDescription } from '../../limits/limiter-description.ts'

/** The parts of a limiter's description that hold limits. */
export type LimitedClass = keyof Pick<LimiterDescription, 'read' | 'write'>

const READ_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY']

/** The classes of the requests that a listed method stands for. */
export function classesOf(method: string): readonly LimitedClass[] {
  if (method === 'ALL') return ['read', 'write']
  return READ_METHODS.includes(method) ? ['read'] : ['write']
}
