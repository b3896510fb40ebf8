import type { ContestantName } from './contestants/contestant.ts'
import type { Spread } from './statistics.ts'

/** Figures of one run by their names, all finite numbers. */
export type Figures = Readonly<Record<string, number>>

/** Something to be run in a process of its own, once in every round. */
export interface Run<Settings = unknown> {
  /** What is done, the same words for all contestants that do it. */
  readonly workload: string
  readonly contestant: ContestantName
  /** Sent to the process as JSON. */
  readonly settings: Settings
  /** Options of the process beside `--expose-gc`. */
  readonly nodeOptions?: readonly string[]
  /**
   * A contestant that takes longer than `timeLimitMs`, or dies, is left out with the reason printed: for
   * what the others were not made for. Anywhere else it is an error.
   */
  readonly mayBeLeftOut?: boolean
}

/** What the runs are made from. */
export interface Workload {
  /** 1 is full size; less shrinks keys, decisions and times alike. */
  readonly scale: number
  readonly rounds: number
  /** Only so many workloads, the first ones. */
  readonly workloads: number
}

/** One column of a benchmark's table. */
export interface Column {
  readonly figure: string
  readonly heading: string
  /** `all` are the other figures of the same run. */
  readonly text: (spread: Spread, all: Readonly<Record<string, Spread>>) => string
}

/** One question, how it is asked of each contestant, and how the answers are shown. */
export interface Benchmark<Settings = unknown> {
  readonly name: string
  /** One sentence on what is measured. */
  readonly summary: string
  /** What was asserted of the workload, for the reader of the table. */
  readonly checked: string
  readonly columns: readonly Column[]
  runs(workload: Workload): readonly Run<Settings>[]
  /** Runs in the process of a contestant; throws when the workload was not what it should be. */
  measure(contestant: ContestantName, settings: Settings, dist: string): Promise<Figures>
}

/** What was measured of one run in all rounds. */
export interface Result {
  readonly benchmark: string
  readonly workload: string
  readonly contestant: ContestantName
  /** By the names of the figures; empty when the contestant was left out. */
  readonly figures: Readonly<Record<string, Spread>>
  /** Why there are no figures. */
  readonly leftOut?: string
}

/** A number at a scale, at least `least`. */
export function scaled(number: number, scale: number, least: number): number {
  return Math.max(Math.min(number, least), Math.round(number * scale))
}

/** `1,000,000`. */
export function countText(count: number): string {
  return count.toLocaleString('en')
}
