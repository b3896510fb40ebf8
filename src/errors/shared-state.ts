/**
 * State that all copies of this library in a process share: ESM beside CommonJS are two copies. The first copy that is
 * loaded makes it.
 *
 * @param name of `Symbol.for`. State of another shape needs another name, because copies may have different versions
 */
export function sharedState<State>(name: symbol, create: () => State): State {
  const shared = globalThis as { [name: symbol]: unknown }
  shared[name] ??= create()
  return shared[name] as State
}
