import type { Store } from '../../../stores/store.ts'
import type { Subject } from './subject.ts'

/** One demand on a store. */
export interface ConformanceCase {
  /** The demand in words; the name of the test. */
  readonly title: string
  /** Throws an assertion error when the store does not meet it. */
  readonly run: (subject: Subject) => Promise<void>
}

/** The demands of one kind on a store of these abilities. */
export type ConformanceGroup = (store: Store) => readonly ConformanceCase[]

/** Whether what a receipt did can be seen. */
export function showsRefunds({ refund, peek }: Store): boolean {
  return refund !== undefined && peek !== undefined
}
