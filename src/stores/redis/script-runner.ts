// Runs scripts, and sends their texts to servers that do not have them.

import type { CallDeadline } from '../resilience/call-deadline.ts'
import type { Charge } from '../store.ts'
import type { RedisConnection } from './clients/redis-connection.ts'
import { explainReply } from './error-replies.ts'
import {
  blockScript,
  decideScript,
  type Script,
  settleScript,
  unblockScript,
} from './scripts/redis-scripts.ts'

const ALL_SCRIPTS = [decideScript, settleScript, blockScript, unblockScript]

/** One call may find a server without the script after it has waited for another one, in a cluster. */
const MOST_WAITS = 8

/**
 * Runs scripts by their digests. Each server receives the texts when the client is connected. A server that
 * has lost a script receives its text again, with one command: all other commands that need it wait.
 */
export class ScriptRunner {
  readonly #connection: RedisConnection
  readonly #deadline: CallDeadline
  /** For each digest the command that brings the text. It never rejects. */
  readonly #underway = new Map<string, Promise<void>>()

  constructor(connection: RedisConnection, deadline: CallDeadline) {
    this.#connection = connection
    this.#deadline = deadline
    connection.onReady(() => void this.load())
  }

  /** Sends the texts of all scripts to all servers. Never rejects: `run` sends a text that is missing. */
  async load(): Promise<void> {
    try {
      // Redis ends a connection that sends a text without a password: its error would not name the cause.
      await this.#connection.sendToAll(['SCRIPT', 'EXISTS', ...ALL_SCRIPTS.map(({ sha }) => sha)])
    } catch {
      return
    }
    const loads = ALL_SCRIPTS.map(({ source }) => this.#connection.sendToAll(['SCRIPT', 'LOAD', source]))
    await Promise.allSettled(loads)
  }

  /**
   * Returns the reply to a script. No command is sent again for any other reason than a missing text.
   *
   * @param charge nothing is sent for a charge that is abandoned
   */
  async run(script: Script, key: string, args: readonly string[], charge?: Charge): Promise<unknown> {
    const connecting = this.#connection.ready(this.#deadline.lengthMs)
    if (connecting !== undefined) {
      await connecting
      if (charge?.isAbandoned === true) throw new Error('Redis was connected too late')
    }
    try {
      const reply = await this.#connection.evalSha(script.sha, key, args)
      this.#deadline.answered()
      return reply
    } catch (error) {
      if (!isNoScript(error)) throw explainReply(error)
      return this.#runUnknown(error, script, key, args, charge)
    }
  }

  /** Nothing has happened yet, because the server did not know the script. */
  async #runUnknown(
    noScript: unknown,
    { source, sha }: Script,
    key: string,
    args: readonly string[],
    charge: Charge | undefined,
  ): Promise<unknown> {
    for (let waits = 0; waits < MOST_WAITS; waits++) {
      const underway = this.#underway.get(sha)
      if (underway === undefined) break
      await underway
      if (charge?.isAbandoned === true) throw noScript
      try {
        return await this.#connection.evalSha(sha, key, args)
      } catch (error) {
        if (!isNoScript(error)) throw error
      }
    }
    if (charge?.isAbandoned === true) throw noScript
    const reply = this.#connection.eval(source, key, args)
    const ended = (): void => {
      this.#underway.delete(sha)
    }
    this.#underway.set(sha, reply.then(ended, ended))
    return reply
  }
}

function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}
