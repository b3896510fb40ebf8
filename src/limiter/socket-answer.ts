import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The start of an answer of HTTP/1: its status. */
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})/
const STATUS_LINE_LENGTH = 'HTTP/1.1 101'.length

const SWITCHING_PROTOCOLS = 101

/**
 * Tells a response about the answer that a handler of an upgrade or of CONNECT writes to the socket itself: the response
 * gets the status and the event `finish`, so that what depends on the outcome of a request works for these too.
 *
 * Nothing is told where the handler closes the socket without an answer, or writes anything but HTTP.
 */
export function finishWithAnswerOn(socket: Socket, res: ServerResponse): void {
  const { write, end } = socket
  const restore = (): void => {
    socket.write = write
    socket.end = end
  }
  const look = (chunk: unknown): number | undefined => {
    const status = statusOf(chunk)
    // Informational answers come before the answer.
    if (status !== undefined && status < 200 && status !== SWITCHING_PROTOCOLS) return undefined
    restore()
    return status
  }
  const finish = (status: number | undefined): void => {
    if (status === undefined) return
    res.statusCode = status
    res.emit('finish')
  }
  socket.write = function watchedWrite(this: Socket, ...args: unknown[]): boolean {
    const status = look(args[0])
    const hasRoom: unknown = Reflect.apply(write, this, args)
    finish(status)
    return hasRoom === true
  }
  socket.end = function watchedEnd(this: Socket, ...args: unknown[]): Socket {
    const status = look(args[0])
    Reflect.apply(end, this, args)
    finish(status)
    return this
  }
}

function statusOf(chunk: unknown): number | undefined {
  const start =
    chunk instanceof Uint8Array
      ? Buffer.from(chunk.subarray(0, STATUS_LINE_LENGTH)).toString('latin1')
      : String(chunk).slice(0, STATUS_LINE_LENGTH)
  const status = STATUS_LINE.exec(start)?.[1]
  return status === undefined ? undefined : Number(status)
}
