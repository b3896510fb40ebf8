import { rejectOption } from '../errors/option-checks.ts'

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** A duration as short as it can be said exactly: `1s`, `90s`, `1h`, `1500ms`. */
export function durationText(ms: number): string {
  for (const [unit, unitMs] of UNITS) {
    if (ms % unitMs === 0) return `${ms / unitMs}${unit}`
  }
  return `${ms}ms`
}

/**
 * Names for the limits of one class, each its own: by the window, such as `read-1s`, and where two windows are
 * as long, `read-1s-2`. A single limit needs no window to tell it from others.
 *
 * @param given the names that the options give, at the places of their limits
 */
export function limitNamer(prefix: string, given: readonly unknown[]): (windowMs: number) => string {
  const taken = new Set<unknown>(given)
  return (windowMs) => {
    const base = given.length === 1 ? prefix : `${prefix}-${durationText(windowMs)}`
    let name = base
    for (let number = 2; taken.has(name); number++) name = `${base}-${number}`
    taken.add(name)
    return name
  }
}

/** Throws unless every limit of a class has a name of its own: reports and headers tell limits by it. */
export function checkUniqueNames(option: string, names: readonly string[]): void {
  const index = names.findIndex((name, at) => names.indexOf(name) !== at)
  if (index === -1) return
  const name = names[index] ?? ''
  const first = `${option}[${names.indexOf(name)}]`
  rejectOption(`${option}[${index}].name`, name, `is the name of ${first} too`, 'Give each limit its own.')
}
