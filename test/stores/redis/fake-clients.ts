import { EventEmitter } from 'node:events'

/** One call of a fake client: the name of the method, and what it was given. */
export type Call = readonly [string, ...unknown[]]

/** Notes what it is called with, and answers what it is told to. */
class FakeClient extends EventEmitter {
  readonly calls: Call[] = []
  answer: (call: Call) => unknown = () => 'OK'

  protected async called(...call: Call): Promise<unknown> {
    this.calls.push(call)
    return this.answer(call)
  }
}

/** What ioredis looks like from outside. What it duplicates is another one of these. */
export class FakeIoredis extends FakeClient {
  status = 'ready'
  isCluster = false
  options: object
  readonly duplicates: FakeIoredis[] = []
  readonly masters: FakeIoredis[] = []
  isDisconnected = false

  constructor(options: object = {}) {
    super()
    this.options = options
  }

  duplicate(...given: readonly object[]): FakeIoredis {
    const made = new FakeIoredis(given.at(-1))
    made.isCluster = this.isCluster
    this.calls.push(['duplicate', ...given])
    this.duplicates.push(made)
    return made
  }

  nodes(role: string): readonly FakeIoredis[] {
    return role === 'master' ? this.masters : []
  }

  evalsha(...words: readonly unknown[]): Promise<unknown> {
    return this.called('evalsha', ...words)
  }

  eval(...words: readonly unknown[]): Promise<unknown> {
    return this.called('eval', ...words)
  }

  del(key: string): Promise<unknown> {
    return this.called('del', key)
  }

  call(...words: readonly unknown[]): Promise<unknown> {
    return this.called('call', ...words)
  }

  disconnect(): void {
    this.isDisconnected = true
  }
}

/** What a single client of node-redis looks like from outside. */
export class FakeNodeRedis extends FakeClient {
  isOpen = true
  isReady: boolean | undefined = true

  async connect(): Promise<void> {}

  evalSha(...given: readonly unknown[]): Promise<unknown> {
    return this.called('evalSha', ...given)
  }

  eval(...given: readonly unknown[]): Promise<unknown> {
    return this.called('eval', ...given)
  }

  del(key: string): Promise<unknown> {
    return this.called('del', key)
  }

  sendCommand(words: readonly string[]): Promise<unknown> {
    return this.called('sendCommand', words)
  }
}
