import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { handshakeReply } from './handshake.ts'
import { wordsIn } from './resp.ts'

/** What the server does with one command. Without any property it does not answer. */
export interface Answer {
  /** Written at once. */
  readonly text?: string
  /** Written after `text`, when `release()` is called. */
  readonly later?: string
  /** Whether the connection ends after `text`. */
  readonly hangsUp?: boolean
}

/** The answer to a command. `turn` counts the commands of the same name from 0. */
export type Scenario = (words: readonly string[], turn: number) => Answer

/** How a scripted server answers. */
export interface ScriptedRedisOptions {
  /** The newest protocol that it supports. Default: 3. */
  readonly protocol?: 2 | 3
  /** Whether it answers as a cluster of one server. Default: false. */
  readonly isCluster?: boolean
  /** Default: any free port. */
  readonly port?: number
}

/**
 * A server on loopback for clients of Redis. A test decides its answers to scripts and to DEL. It executes
 * nothing: what it has received is what a real server would have executed.
 */
export class ScriptedRedis {
  readonly #server: Server
  readonly #options: ScriptedRedisOptions
  readonly #sockets = new Set<Socket>()
  readonly #later: (() => void)[] = []
  #received: (readonly string[])[] = []
  /** How many connections it has accepted so far. */
  connections = 0
  scenario: Scenario

  private constructor(server: Server, scenario: Scenario, options: ScriptedRedisOptions) {
    this.#server = server
    this.#options = options
    this.scenario = scenario
    server.on('connection', (socket) => this.#accept(socket))
  }

  static async start(scenario: Scenario, options: ScriptedRedisOptions = {}): Promise<ScriptedRedis> {
    const server = createServer({ noDelay: true })
    const scripted = new ScriptedRedis(server, scenario, options)
    server.listen(options.port ?? 0, '127.0.0.1')
    await once(server, 'listening')
    return scripted
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** How many connections are open. */
  get open(): number {
    return this.#sockets.size
  }

  /** The commands that the scenario has answered, in their order, each as its words. */
  get received(): readonly (readonly string[])[] {
    return this.#received
  }

  /** How often it received a command: `count('EVALSHA')`. */
  count(name: string): number {
    return this.#received.filter(([word]) => word?.toUpperCase() === name).length
  }

  /** Forgets what it has received. */
  forget(): void {
    this.#received = []
  }

  /** Writes all late answers. */
  release(): void {
    for (const write of this.#later.splice(0)) write()
  }

  /** Ends all connections at once, as if the server ended. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(socket: Socket): void {
    this.connections++
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('error', () => undefined)
    let unread = ''
    socket.on('data', (chunk: Buffer) => {
      const { commands, rest } = wordsIn(unread + chunk.toString('latin1'))
      unread = rest
      for (const words of commands) this.#answer(socket, words)
    })
  }

  #answer(socket: Socket, words: readonly string[]): void {
    if (socket.destroyed) return
    const handshake = handshakeReply(words, {
      protocol: 3,
      isCluster: false,
      ...this.#options,
      port: this.port,
    })
    if (handshake !== undefined) {
      socket.write(handshake, 'latin1')
      return
    }
    const turn = this.count(words[0]?.toUpperCase() ?? '')
    this.#received.push(words)
    const { text, later, hangsUp } = this.scenario(words, turn)
    if (text !== undefined) socket.write(text, 'latin1')
    if (later !== undefined) this.#later.push(() => socket.write(later, 'latin1'))
    if (hangsUp === true) socket.destroySoon()
  }
}
