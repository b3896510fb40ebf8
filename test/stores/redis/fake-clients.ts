import { EventEmitter } from 'node:events'

/** One call of a fake client: the name of the method and its arguments. */
export type Call = readonly [string, ...unknown[]]

/** Records its calls, and answers with `answer`. */
class FakeClient extends EventEmitter {
  readonly calls: Call[] = []
  /** The words of the commands that load scripts. They are not among the calls. */
  readonly loads: (readonly unknown[])[] = []
  answer: (call: Call) => unknown = () => 'OK'

  protected async called(...call: Call): Promise<unknown> {
    const words = call[1] === 'SCRIPT' ? call.slice(1) : call[1]
    if (Array.isArray(words) && words[0] === 'SCRIPT') {
      this.loads.push(words)
      return 'digest'
    }
    this.calls.push(call)
    return this.answer(call)
  }
}

/** Has the methods of ioredis that the store uses. `duplicate` makes another fake. */
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

  duplicate(...args: readonly object[]): FakeIoredis {
    const made = new FakeIoredis(args.at(-1))
    made.isCluster = this.isCluster
    this.calls.push(['duplicate', ...args])
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

  becomeReady(): void {
    this.status = 'ready'
    this.emit('ready')
  }
}

/** Has the methods that the store uses of a client of node-redis for one server. */
export class FakeNodeRedis extends FakeClient {
  isOpen = true
  isReady: boolean | undefined = true

  async connect(): Promise<void> {}

  evalSha(...args: readonly unknown[]): Promise<unknown> {
    return this.called('evalSha', ...args)
  }

  eval(...args: readonly unknown[]): Promise<unknown> {
    return this.called('eval', ...args)
  }

  del(key: string): Promise<unknown> {
    return this.called('del', key)
  }

  sendCommand(words: readonly string[]): Promise<unknown> {
    return this.called('sendCommand', words)
  }

  becomeReady(): void {
    this.isReady = true
    this.emit('ready')
  }
}
