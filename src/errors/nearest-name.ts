/** The name in `names` that `given` was probably meant to be; undefined if none is near enough. */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  // A third of the letters may differ. That covers typing errors, and rejects names that are merely similar.
  let bestDistance = Math.max(1, Math.floor(given.length / 3)) + 1
  let best: string | undefined
  for (const name of names) {
    const distance = editDistance(given.toLowerCase(), name.toLowerCase())
    if (distance < bestDistance) {
      bestDistance = distance
      best = name
    }
  }
  return best
}

/**
 * The edits that turn one word into the other: to insert, delete or replace a letter, or to swap it with the
 * next one (optimal string alignment distance).
 */
function editDistance(one: string, other: string): number {
  let beforePrevious: readonly number[] = []
  let previous = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const replaced = at(previous, column - 1) + (one[row - 1] === other[column - 1] ? 0 : 1)
      const swaps = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      const swapped = swaps ? at(beforePrevious, column - 2) + 1 : Number.POSITIVE_INFINITY
      current.push(Math.min(replaced, swapped, at(previous, column) + 1, at(current, column - 1) + 1))
    }
    beforePrevious = previous
    previous = current
  }
  return at(previous, other.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
