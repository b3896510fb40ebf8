import { rejectOption } from '../errors/option-checks.ts'

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** A duration in the largest unit that is exact: `1s`, `90s`, `1h`, `1500ms`. */
export function durationText(ms: number): string {
  for (const [unit, unitMs] of UNITS) {
    if (ms % unitMs === 0) return `${ms / unitMs}${unit}`
  }
  return `${ms}ms`
}

/**
 * Makes a unique name for each limit of one class: by its window, such as `read-1s`, and for a second limit
 * of the same window `read-1s-2`, and for a calendar window `read-month`. A single limit gets the prefix alone.
 *
 * @param given the names in the options, in the order of the limits; undefined for a limit without a name
 */
export function limitNamer(prefix: string, given: readonly unknown[]): (window: string) => string {
  const taken = new Set<unknown>(given)
  return (window) => {
    const base = given.length === 1 ? prefix : `${prefix}-${window}`
    let name = base
    for (let number = 2; taken.has(name); number++) name = `${base}-${number}`
    taken.add(name)
    return name
  }
}

/**
 * Throws unless the limits of a class have different names, by which headers and reports distinguish them.
 */
export function checkUniqueNames(option: string, names: readonly string[]): void {
  const index = names.findIndex((name, position) => names.indexOf(name) !== position)
  if (index === -1) return
  const name = names[index] ?? ''
  const first = `${option}[${names.indexOf(name)}]`
  rejectOption(
    `${option}[${index}].name`,
    name,
    `is the name of ${first} too`,
    'Give each limit a name of its own.',
  )
}
