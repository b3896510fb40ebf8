import { beforeEach, describe, expect, it } from 'vitest'
import { FirstIds } from '../../../src/limits/algorithm.ts'
import { Batcher } from '../../../src/stores/redis/batcher.ts'
import { CommandConnection } from '../../../src/stores/redis/clients/command-sender.ts'
import { NodeRedisConnection } from '../../../src/stores/redis/clients/node-redis.ts'
import type { OperationForm } from '../../../src/stores/redis/operation-form.ts'
import { ScriptRunner } from '../../../src/stores/redis/script-runner.ts'
import { CallDeadline } from '../../../src/stores/resilience/call-deadline.ts'
import { chargeOf } from '../../support/charges.ts'
import { FakeNodeRedis } from './fake-clients.ts'

const FORM: OperationForm = { text: 'form', limits: 1 }

/** Keys whose first character is their slot. */
const slotOf = (key: string): number => key.charCodeAt(0)

/** The keys of each command, and its answer: for each key a list with the key itself. */
let calls: string[][]
let answer: (keys: string[], name: string) => unknown
let batcher: Batcher
const echo = (keys: readonly string[]): string[][] => keys.map((key) => [key])
beforeEach(() => {
  calls = []
  answer = echo
  const sendCommand = async ([name = '', , count, ...words]: string[]): Promise<unknown> => {
    const keys = words.slice(0, Number(count))
    calls.push(keys)
    return answer(keys, name)
  }
  const scripts = new ScriptRunner(new CommandConnection({ sendCommand }), new CallDeadline(1000, 1000))
  batcher = new Batcher({ scripts, slotOf, time: () => '', firstIds: new FirstIds(), sendsFirstAlone: false })
})

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const runAll = (keys: readonly string[]): Promise<unknown[]> =>
  Promise.all(keys.map((key) => batcher.run(key, FORM).then(String, (error: unknown) => error)))

const keysUpTo = (count: number): string[] => Array.from({ length: count }, (_, index) => `1${index}`)

describe('the operations of one turn of the event loop', () => {
  it('go out in one command, in the order in which they were asked', async () => {
    expect(await runAll(['12', '11', '12', '10'])).toEqual(['12', '11', '12', '10'])
    expect(calls).toEqual([['12', '11', '12', '10']])
  })

  it('go out together also if promises and ticks lie between them', async () => {
    const asked = Promise.all([
      batcher.run('11', FORM),
      Promise.resolve().then(() => batcher.run('12', FORM)),
      new Promise((resolve) => process.nextTick(() => resolve(batcher.run('13', FORM)))),
    ])
    await asked
    expect(calls).toHaveLength(1)
    expect(calls[0]?.toSorted()).toEqual(['11', '12', '13'])
  })

  it('do not wait for those of the next turn', async () => {
    const first = batcher.run('11', FORM)
    await new Promise((resolve) => setImmediate(resolve))
    expect(calls).toEqual([['11']])
    await Promise.all([first, batcher.run('12', FORM)])
    expect(calls).toEqual([['11'], ['12']])
  })

  it('go out before the turn ends if they fill a command', async () => {
    const asked = runAll(keysUpTo(70))
    await Promise.resolve()
    expect(calls.map(({ length }) => length)).toEqual([32, 32])
    expect(await asked).toEqual(keysUpTo(70))
    expect(calls.map(({ length }) => length)).toEqual([32, 32, 6])
    expect(calls.flat()).toEqual(keysUpTo(70))
  })

  it('go out in one command for each slot, each in its order', async () => {
    expect(await runAll(['11', '21', '10', '22', '31'])).toEqual(['11', '21', '10', '22', '31'])
    expect(calls).toEqual([['11', '10'], ['21', '22'], ['31']])
  })
})

describe('the operations of one turn, if the client writes the commands of a turn together', () => {
  beforeEach(() => {
    const sendCommand = async ([, , count, ...words]: string[]): Promise<unknown> => {
      calls.push(words.slice(0, Number(count)))
      return echo(words.slice(0, Number(count)))
    }
    const scripts = new ScriptRunner(new CommandConnection({ sendCommand }), new CallDeadline(1000, 1000))
    batcher = new Batcher({
      scripts,
      slotOf,
      time: () => '',
      firstIds: new FirstIds(),
      sendsFirstAlone: true,
    })
  })

  it('go out in the next turn if they fill more than one command, except the first command', async () => {
    const asked = runAll(keysUpTo(110))
    await Promise.resolve()
    expect(calls.map(({ length }) => length)).toEqual([32])
    await turn()
    await turn()
    expect(calls.map(({ length }) => length)).toEqual([32, 32, 32, 14])
    expect(await asked).toEqual(keysUpTo(110))
    expect(calls.flat()).toEqual(keysUpTo(110))
  })

  it('go out when the turn ends if there is one command', async () => {
    for (const key of ['11', '12']) {
      const asked = runAll([key])
      await turn()
      expect(calls.at(-1)).toEqual([key])
      await asked
      await turn()
    }
  })

  it('keep their order beside those of the next turn', async () => {
    const asked = [runAll(keysUpTo(33))]
    await turn()
    asked.push(runAll(['21', '22']))
    await Promise.all(asked)
    expect(calls.flat()).toEqual([...keysUpTo(33), '21', '22'])
  })

  it('are withdrawn if their charges are abandoned before the next turn', async () => {
    const asked = runAll(keysUpTo(32))
    const charge = chargeOf('1x')
    const abandoned = expect(batcher.run('1x', FORM, charge)).rejects.toThrow('before the charge was sent')
    charge.isAbandoned = true
    await Promise.all([asked, abandoned])
    expect(calls).toEqual([keysUpTo(32)])
  })
})

describe('a command that fails', () => {
  it.each(['Connection is closed.', 'LOADING Redis is loading the dataset in memory', 'ERR x TRYAGAIN'])(
    'rejects all its operations, and is not sent again: %s',
    async (message) => {
      const error = new Error(message)
      answer = () => Promise.reject(error)
      expect(await runAll(['11', '12'])).toEqual([error, error])
      expect(calls).toHaveLength(1)
    },
  )

  it('does not concern the next one', async () => {
    answer = (keys) => (keys.includes('13') ? echo(keys) : Promise.reject(new Error('OOM')))
    const [first, second] = [runAll(keysUpTo(32)), runAll(['13'])]
    expect((await first).every((outcome) => outcome instanceof Error)).toBe(false)
    expect(await second).toEqual(['13'])
  })

  it('rejects all its operations if the reply has another shape', async () => {
    answer = () => 'OK'
    for (const outcome of await runAll(['11', '12'])) {
      expect(outcome).toMatchObject({ code: 'store_failed' })
    }
  })

  it.each([
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'Too many Cluster redirections. Last error: ReplyError: TRYAGAIN Multiple keys request during rehashing of slot',
  ])(
    'is sent again with one key each if its slot moves, since Redis has run nothing: %s',
    async (message) => {
      answer = (keys) => (keys.length > 1 ? Promise.reject(new Error(message)) : echo(keys))
      expect(await runAll(['11', '12', '13'])).toEqual(['11', '12', '13'])
      expect(calls).toEqual([['11', '12', '13'], ['11'], ['12'], ['13']])
      answer = () => Promise.reject(new Error(message))
      calls = []
      expect(await runAll(['11'])).toEqual([new Error(message)])
      expect(calls).toEqual([['11']])
    },
  )
})

describe('a charge that is abandoned', () => {
  it('before its command is sent is not part of it', async () => {
    const charge = chargeOf('12')
    const abandoned = expect(batcher.run('12', FORM, charge)).rejects.toThrow('before the charge was sent')
    const asked = runAll(['11', '13'])
    charge.isAbandoned = true
    expect(await asked).toEqual(['11', '13'])
    await abandoned
    expect(calls).toEqual([['11', '13']])
  })

  it('causes no command if there is nothing else', async () => {
    const charge = chargeOf('12')
    const abandoned = expect(batcher.run('12', FORM, charge)).rejects.toThrow('before the charge was sent')
    charge.isAbandoned = true
    await abandoned
    expect(calls).toEqual([])
  })

  it('while the server does not know the script is not part of the second command', async () => {
    const charge = chargeOf('12')
    answer = (keys, name) => {
      if (name === 'EVAL') return echo(keys)
      charge.isAbandoned = true
      throw new Error('NOSCRIPT No matching script.')
    }
    const abandoned = expect(batcher.run('12', FORM, charge)).rejects.toThrow('before the charge was sent')
    expect(await runAll(['11'])).toEqual(['11'])
    await abandoned
    expect(calls).toEqual([['12', '11'], ['11']])
  })
})

describe('a connection that is lost after operations were asked, and before they are sent', () => {
  let client: FakeNodeRedis
  beforeEach(async () => {
    client = new FakeNodeRedis()
    // The client keeps what it cannot write, and sends it when it is connected again.
    client.answer = ([, , script]) => echo((script as { keys: string[] }).keys)
    const scripts = new ScriptRunner(new NodeRedisConnection(client), new CallDeadline(1000, 1000))
    batcher = new Batcher({
      scripts,
      slotOf,
      time: () => '',
      firstIds: new FirstIds(),
      sendsFirstAlone: false,
    })
    await turn()
  })

  it('gets none of them, and those that still count are sent when it is back', async () => {
    const charge = chargeOf('11')
    const abandoned = expect(batcher.run('11', FORM, charge)).rejects.toThrow('before the charge was sent')
    const asked = batcher.run('12', FORM)
    client.isReady = false
    await turn()
    await turn()
    expect(client.calls).toEqual([])
    charge.isAbandoned = true
    client.becomeReady()
    await abandoned
    expect(await asked).toEqual(['12'])
    expect(client.calls).toHaveLength(1)
  })

  it('rejects them with the cause if the client was closed', async () => {
    const asked = batcher.run('11', FORM)
    client.isReady = false
    client.isOpen = false
    await expect(asked).rejects.toThrow('Redis is not connected')
    expect(client.calls).toEqual([])
  })
})
