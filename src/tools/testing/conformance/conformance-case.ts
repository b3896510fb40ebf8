import type { Store } from '../../../stores/store.ts'
import type { TestedStore } from './tested-store.ts'

/** A rule that stores must keep, with its test. */
export interface ConformanceCase {
  /** The rule as a sentence; the title of the test. */
  readonly title: string
  /** Throws an assertion error when the store breaks the rule. */
  readonly run: (tested: TestedStore) => Promise<void>
}

/** Selects the rules of one kind that apply to a store, by its capabilities and its methods. */
export type ConformanceGroup = (store: Store) => readonly ConformanceCase[]

/** Whether a test can see what a settlement did. */
export function showsSettlements({ settle, peek }: Store): boolean {
  return settle !== undefined && peek !== undefined
}

/** Whether a store counts charges of one unit only. */
export function countsUnitsOnly({ capabilities }: Store): boolean {
  return capabilities?.unitCostOnly === true
}
