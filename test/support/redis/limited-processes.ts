import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('limited-process.ts', import.meta.url))

export interface ProcessOptions {
  readonly redisUrl: string
  readonly client: string
  readonly limit: number
  readonly share: number
}

/** Several processes of `limited-process.ts`. */
export class LimitedProcesses {
  readonly #children: readonly ChildProcess[]
  readonly #ports: readonly number[]
  readonly #agent = new Agent({ keepAlive: true })
  /** How many answers there were of each status. */
  readonly statuses: Map<number, number> = new Map()

  private constructor(children: readonly ChildProcess[], ports: readonly number[]) {
    this.#children = children
    this.#ports = ports
  }

  static async start(all: readonly ProcessOptions[]): Promise<LimitedProcesses> {
    const children = all.map(({ redisUrl, client, limit, share }) =>
      spawn(process.execPath, ['--import', 'tsx', PROGRAM], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        env: { ...process.env, REDIS_URL: redisUrl, CLIENT: client, LIMIT: `${limit}`, SHARE: `${share}` },
      }),
    )
    const ports = await Promise.all(
      children.map(async (child) => {
        const [port] = await Promise.race([once(child, 'message'), once(child, 'exit')])
        if (child.exitCode !== null) throw new Error(`a process ended with ${child.exitCode}`)
        return Number(port)
      }),
    )
    return new LimitedProcesses(children, ports)
  }

  /**
   * Sends `requests` of a client to each process, `concurrency` at a time.
   *
   * @returns how many of all requests were allowed
   */
  async allowed(client: string, requests: number, concurrency = 5): Promise<number> {
    const allowedBy = async (port: number): Promise<number> => {
      let left = requests
      let allowed = 0
      const send = async (): Promise<void> => {
        while (left-- > 0) if ((await this.#request(port, client)) === 200) allowed++
      }
      await Promise.all(Array.from({ length: concurrency }, send))
      return allowed
    }
    return (await Promise.all(this.#ports.map(allowedBy))).reduce((sum, count) => sum + count, 0)
  }

  /** The state of the circuit breaker in each process. */
  async states(): Promise<string[]> {
    return Promise.all(this.#ports.map(async (port) => (await this.#health(port)).state))
  }

  /** How many processes have ended. No process should end. */
  get ended(): number {
    return this.#children.filter(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null)
      .length
  }

  async stop(): Promise<void> {
    this.#agent.destroy()
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }

  async #request(port: number, client: string): Promise<number> {
    const response = await this.#get(port, '/', client)
    response.resume()
    await once(response, 'end')
    const status = response.statusCode ?? 0
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    return status
  }

  async #health(port: number): Promise<{ state: string }> {
    return (await json(await this.#get(port, '/health', 'nobody'))) as { state: string }
  }

  async #get(port: number, path: string, client: string): Promise<IncomingMessage> {
    const request = get({ port, path, agent: this.#agent, headers: { 'x-client': client } })
    const [response] = await once(request, 'response')
    return response as IncomingMessage
  }
}
