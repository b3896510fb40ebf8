/**
 * A place in a map that moves on with each look and begins again at the end. It is kept from look to look,
 * because a new iterator would step over everything that was ever deleted from the front of the map.
 */
export class MapCursor<Value> {
  readonly #map: ReadonlyMap<string, Value>
  #iterator: Iterator<[string, Value]> | undefined

  constructor(map: ReadonlyMap<string, Value>) {
    this.#map = map
  }

  /** The next entry; undefined when the map is empty. */
  next(): readonly [string, Value] | undefined {
    return this.#step() ?? this.#step()
  }

  #step(): [string, Value] | undefined {
    this.#iterator ??= this.#map.entries()
    const next = this.#iterator.next()
    if (next.done !== true) return next.value
    this.#iterator = undefined
    return undefined
  }
}
