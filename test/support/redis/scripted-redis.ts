import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { handshakeReply } from './handshake.ts'
import { wordsIn } from './resp.ts'

/** What becomes of one command. Nothing at all is silence. */
export interface Answer {
  /** Written at once, as it is. */
  readonly text?: string
  /** Written after that, but not before `release()`. */
  readonly later?: string
  /** Whether the connection ends after that. */
  readonly hangsUp?: boolean
}

/** Says what becomes of a command: `words` as they were sent, `turn` counting from 0 among those of its name. */
export type Scenario = (words: readonly string[], turn: number) => Answer

/** How a scripted server speaks. */
export interface ScriptedRedisOptions {
  /** The newest protocol that it knows. Default: 3. */
  readonly protocol?: 2 | 3
  /** Whether it says that it is a cluster of one. Default: false. */
  readonly isCluster?: boolean
  /** Default: any that is free. */
  readonly port?: number
}

/**
 * A server on loopback that clients of Redis connect to, and whose answers to scripts and to DEL are a test's. It
 * executes nothing: what it has received is what a real one would have executed.
 */
export class ScriptedRedis {
  readonly #server: Server
  readonly #options: ScriptedRedisOptions
  readonly #sockets = new Set<Socket>()
  readonly #later: (() => void)[] = []
  #received: (readonly string[])[] = []
  /** Connections that were accepted, of before included. */
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

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size
  }

  /** Commands that the scenario was asked about, in their order, each as its words. */
  get received(): readonly (readonly string[])[] {
    return this.#received
  }

  /** How often a command came: `count('EVALSHA')`. */
  count(name: string): number {
    return this.#received.filter(([word]) => word?.toUpperCase() === name).length
  }

  /** Forgets what it has received. */
  forget(): void {
    this.#received = []
  }

  /** Writes what was to be written later. */
  release(): void {
    for (const write of this.#later.splice(0)) write()
  }

  /** Ends all connections at once, as a server that dies does. */
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
    const courtesy = handshakeReply(words, {
      protocol: 3,
      isCluster: false,
      ...this.#options,
      port: this.port,
    })
    if (courtesy !== undefined) {
      socket.write(courtesy, 'latin1')
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
