import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { WriteBatcher } from '../../../../src/stores/redis/clients/write-batcher.ts'

/** A socket that records how many commands each of its writes had. */
function socket(): { readonly stream: Writable; readonly writes: number[] } {
  const writes: number[] = []
  const stream = new Writable({
    write: (_chunk, _encoding, done) => {
      writes.push(1)
      done()
    },
    writev: (chunks, done) => {
      writes.push(chunks.length)
      done()
    },
  })
  return { stream, writes }
}

function send(batcher: WriteBatcher, stream: Writable, commands: number): void {
  for (let sent = 0; sent < commands; sent++) {
    batcher.beforeCommand(stream)
    stream.write('command')
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the commands of one turn of the event loop', () => {
  it.each([
    [1, [1]],
    [7, [7]],
    [8, [8]],
    [9, [8, 1]],
    [20, [8, 8, 4]],
  ])('go out in writes of at most eight commands: %i', async (commands, expected) => {
    const { stream, writes } = socket()
    send(new WriteBatcher(), stream, commands)
    await turn()
    expect(writes).toEqual(expected)
    expect(stream.writableCorked).toBe(0)
  })

  it('do not wait for commands of the next turn', async () => {
    const { stream, writes } = socket()
    const batcher = new WriteBatcher()
    for (const commands of [3, 2]) {
      send(batcher, stream, commands)
      await turn()
    }
    expect(writes).toEqual([3, 2])
  })

  it('are sent also when the socket was replaced by another one', async () => {
    const [before, after] = [socket(), socket()]
    const batcher = new WriteBatcher()
    send(batcher, before.stream, 2)
    send(batcher, after.stream, 3)
    await turn()
    expect([before.writes, after.writes]).toEqual([[2], [3]])
    expect([before.stream, after.stream].map(({ writableCorked }) => writableCorked)).toEqual([0, 0])
  })

  it('cause no error if the socket is destroyed before they are written', async () => {
    const { stream, writes } = socket()
    send(new WriteBatcher(), stream, 2)
    stream.destroy()
    await turn()
    expect(writes).toEqual([])
  })
})
