import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { finishWithAnswerOn } from '../../src/limiter/socket-answer.ts'

/** A socket whose bytes go nowhere, and the statuses of which its response was told. */
function watched() {
  const socket = new Socket()
  const written: string[] = []
  const write = vi.fn((chunk: unknown) => written.push(String(chunk)) > 0)
  const end = vi.fn((chunk: unknown) => {
    if (chunk !== undefined) written.push(String(chunk))
    return socket
  })
  Object.assign(socket, { write, end })
  const res = new ServerResponse(new IncomingMessage(socket))
  const statuses: number[] = []
  res.on('finish', () => statuses.push(res.statusCode))
  finishWithAnswerOn(socket, res)
  return { socket, statuses, written, write, end }
}

describe('finishWithAnswerOn', () => {
  it.each([
    ['write', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 101],
    ['write', Buffer.from('HTTP/1.1 200 Connection Established\r\n\r\n'), 200],
    ['write', new TextEncoder().encode('HTTP/1.0 502 Bad Gateway\r\n\r\n'), 502],
    ['end', 'HTTP/1.1 400 Bad Request\r\n\r\n', 400],
  ] as const)('tells the response the status that a handler gives to %s, once', (method, answer, status) => {
    const { socket, statuses, written, write, end } = watched()
    socket[method](answer)
    expect(statuses).toEqual([status])
    expect([socket.write, socket.end]).toEqual([write, end])
    socket.write('HTTP/1.1 500 in a message')
    expect(statuses).toEqual([status])
    expect(written).toEqual([String(answer), 'HTTP/1.1 500 in a message'])
  })

  it('waits for the answer behind an informational one', () => {
    const { socket, statuses } = watched()
    socket.write('HTTP/1.1 103 Early Hints\r\n\r\n')
    socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
    expect(statuses).toEqual([101])
  })

  it.each([
    ['end', undefined],
    ['write', 'no HTTP'],
    ['write', ''],
  ] as const)('tells nothing where a handler calls %s with %j', (method, chunk) => {
    const { socket, statuses, write } = watched()
    socket[method](chunk as never)
    socket.write('HTTP/1.1 101 in a message')
    expect(statuses).toEqual([])
    expect(socket.write).toBe(write)
  })

  it('works for two guards of one socket', () => {
    const { socket, statuses, write } = watched()
    const other = new ServerResponse(new IncomingMessage(socket))
    const finished = vi.fn()
    other.on('finish', finished)
    finishWithAnswerOn(socket, other)
    socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
    expect([statuses, finished.mock.calls.length, other.statusCode]).toEqual([[101], 1, 101])
    expect(socket.write).toBe(write)
  })
})
