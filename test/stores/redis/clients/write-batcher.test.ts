import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { GatheredWrites } from '../../../../src/stores/redis/clients/gathered-writes.ts'

/** A socket that notes how many commands each of its writes carried. */
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

function send(gathered: GatheredWrites, stream: Writable, commands: number): void {
  for (let sent = 0; sent < commands; sent++) {
    gathered.next(stream)
    stream.write('command')
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('commands of one turn', () => {
  it.each([
    [1, [1]],
    [7, [7]],
    [8, [8]],
    [9, [8, 1]],
    [20, [8, 8, 4]],
  ])('go out together, eight at the most: %i', async (commands, expected) => {
    const { stream, writes } = socket()
    send(new GatheredWrites(), stream, commands)
    await turn()
    expect(writes).toEqual(expected)
    expect(stream.writableCorked).toBe(0)
  })

  it('wait for no other turn', async () => {
    const { stream, writes } = socket()
    const gathered = new GatheredWrites()
    for (const commands of [3, 2]) {
      send(gathered, stream, commands)
      await turn()
    }
    expect(writes).toEqual([3, 2])
  })

  it('are held back on no socket that took the place of another', async () => {
    const [before, after] = [socket(), socket()]
    const gathered = new GatheredWrites()
    send(gathered, before.stream, 2)
    send(gathered, after.stream, 3)
    await turn()
    expect([before.writes, after.writes]).toEqual([[2], [3]])
    expect([before.stream, after.stream].map(({ writableCorked }) => writableCorked)).toEqual([0, 0])
  })

  it('are no error where the socket is gone before they were written', async () => {
    const { stream, writes } = socket()
    send(new GatheredWrites(), stream, 2)
    stream.destroy()
    await turn()
    expect(writes).toEqual([])
  })
})
