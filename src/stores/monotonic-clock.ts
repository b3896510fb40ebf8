/** The globals as they were when this file was loaded: fake timers of a test may replace them later. */
const loadedPerformance = performance
const loadedDate = Date
const loadedSetTimeout = setTimeout

/**
 * Milliseconds on a clock that no operator can set back. Fake timers of a test turn it, also if they are installed
 * after the clock was given to a store.
 */
export const monotonicClock: { now(): number } = {
  // In Node `performance` is an accessor of the global object, which takes longer to read than a clock may cost. The
  // other two are read fast. Fake timers that replace `performance` replace one of them too.
  now: () => (Date === loadedDate && setTimeout === loadedSetTimeout ? loadedPerformance : performance).now(),
}
