const float = new Float64Array(1)
const words = new Int32Array(float.buffer)

/** Writes a number of any size as two words. */
export function putFloat(into: Int32Array, at: number, value: number): void {
  float[0] = value
  into[at] = words[0] ?? 0
  into[at + 1] = words[1] ?? 0
}

/** Reads what {@link putFloat} wrote. */
export function floatAt(from: Int32Array, at: number): number {
  words[0] = from[at] ?? 0
  words[1] = from[at + 1] ?? 0
  return float[0] ?? 0
}
