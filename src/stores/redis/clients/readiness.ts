/** The part of an event emitter that waiting needs. */
export interface ReadyEvents {
  once(event: 'ready', listener: () => void): unknown
  off(event: 'ready', listener: () => void): unknown
}

/** Settles with the event `ready`, or rejects with what `notReady` says after so many milliseconds. */
export function whenReady(client: ReadyEvents, withinMs: number, notReady: () => Error): Promise<void> {
  return new Promise((resolve, reject) => {
    const onReady = (): void => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(() => {
      client.off('ready', onReady)
      reject(notReady())
    }, withinMs)
    client.once('ready', onReady)
  })
}
