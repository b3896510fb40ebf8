import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { CircuitState } from '../../../src/index.ts'
import type { LatencyRecord } from './latencies.ts'

/** What a process says once it serves. */
export interface Listening {
  readonly port: number
}

/** What a process is asked. */
export interface SoakQuestion {
  readonly id: number
  readonly ask: 'state' | 'report'
}

/** How the store of a process is. */
export interface ServerState {
  readonly circuit: CircuitState
  /** When Redis answered last, in milliseconds since 1970. */
  readonly answeredAtMs: number
}

/** What a process has seen. */
export interface ServerReport {
  /** From a request's arrival to the end of its response. */
  readonly latencies: LatencyRecord
  readonly lateReplies: number
  readonly deadlineMs: number
  /** In use after a collection of garbage. */
  readonly heapMiB: number
  readonly rssMiB: number
}

const PROGRAM = fileURLToPath(new URL('soak-server.ts', import.meta.url))

/** A process that serves, and can be asked how it is. */
export class SoakProcess {
  readonly #child: ChildProcess
  readonly port: number
  readonly #waiting = new Map<number, (answer: unknown) => void>()
  #asked = 0
  #isStopping = false
  /** How it ended by itself, which it must not. */
  died: string | undefined

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
    child.on('message', ({ id, answer }: { readonly id: number; readonly answer: unknown }) => {
      this.#waiting.get(id)?.(answer)
      this.#waiting.delete(id)
    })
    child.once('exit', (code, signal) => {
      if (!this.#isStopping) this.died = `a process ended with ${signal ?? `code ${code}`}`
      for (const settle of this.#waiting.values()) settle(undefined)
    })
  }

  /** Starts one of so many processes, which count in that Redis. */
  static async start(redisUrl: string, processes: number): Promise<SoakProcess> {
    const child = fork(PROGRAM, [redisUrl, String(processes)], {
      execArgv: ['--import', 'tsx', '--expose-gc'],
    })
    const [first] = await Promise.race([
      once(child, 'message') as Promise<[Listening]>,
      once(child, 'exit').then(([code]) => {
        throw new Error(`A process of the soak ended with ${code} before it served.`)
      }),
    ])
    return new SoakProcess(child, first.port)
  }

  /** Undefined when the process is gone. */
  state(): Promise<ServerState | undefined> {
    return this.#ask('state') as Promise<ServerState | undefined>
  }

  /** Undefined when the process is gone. */
  report(): Promise<ServerReport | undefined> {
    return this.#ask('report') as Promise<ServerReport | undefined>
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }

  #ask(ask: SoakQuestion['ask']): Promise<unknown> {
    if (this.died !== undefined) return Promise.resolve(undefined)
    const id = this.#asked++
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.#child.send({ id, ask } satisfies SoakQuestion, (error) => {
        if (error !== null) resolve(undefined)
      })
    })
  }
}
