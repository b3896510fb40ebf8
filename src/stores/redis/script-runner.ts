// Runs the script, and sends its text to servers that do not have it.

import type { CallDeadline } from '../resilience/call-deadline.ts'
import type { ScriptCall } from './batch.ts'
import type { RedisConnection } from './clients/redis-connection.ts'
import { explainReply } from './error-replies.ts'
import { BATCH_SCRIPT, BATCH_SCRIPT_SHA } from './scripts/batch-script.ts'

/** One call may find a server without the script after it has waited for another one, in a cluster. */
const MOST_WAITS = 8

/** The call that is to be sent now. Undefined if there is nothing to send any more. */
export type RemainingCall = () => ScriptCall | undefined

/**
 * Runs the script by its digest. Each server receives its text when the client is connected. A server that has
 * lost the script receives its text again, with one command: all other commands wait.
 */
export class ScriptRunner {
  readonly #connection: RedisConnection
  readonly #deadline: CallDeadline
  /** The command that brings the text. It never rejects. */
  #underway: Promise<void> | undefined

  constructor(connection: RedisConnection, deadline: CallDeadline) {
    this.#connection = connection
    this.#deadline = deadline
    connection.onReady(() => void this.load())
  }

  /** Sends the text of the script to all servers. Never rejects: `run` sends a text that is missing. */
  async load(): Promise<void> {
    try {
      // Redis ends a connection that sends a text without a password: its error would not name the cause.
      await this.#connection.sendToAll(['SCRIPT', 'EXISTS', BATCH_SCRIPT_SHA])
      await this.#connection.sendToAll(['SCRIPT', 'LOAD', BATCH_SCRIPT])
    } catch {
      // A server may forbid it.
    }
  }

  /** Waits for a connection, for as long as a call may take; undefined where there is one. */
  connecting(): Promise<void> | undefined {
    return this.#connection.ready(this.#deadline.lengthMs)
  }

  /**
   * Returns the reply to a call. No command is sent again for any other reason than a missing text.
   *
   * @param remaining asked before each command
   */
  async run(remaining: RemainingCall): Promise<unknown> {
    try {
      const reply = await this.#send('evalSha', BATCH_SCRIPT_SHA, remaining)
      if (reply !== undefined) this.#deadline.answered()
      return reply
    } catch (error) {
      if (!isNoScript(error)) throw explainReply(error)
      return this.#runUnknown(remaining)
    }
  }

  /** Nothing has happened yet, because the server did not know the script. */
  async #runUnknown(remaining: RemainingCall): Promise<unknown> {
    for (let waits = 0; waits < MOST_WAITS && this.#underway !== undefined; waits++) {
      await this.#underway
      try {
        return await this.#send('evalSha', BATCH_SCRIPT_SHA, remaining)
      } catch (error) {
        if (!isNoScript(error)) throw error
      }
    }
    const reply = this.#send('eval', BATCH_SCRIPT, remaining)
    const ended = (): void => {
      this.#underway = undefined
    }
    this.#underway = reply.then(ended, ended)
    return reply
  }

  /**
   * Sends what remains of a call; undefined if nothing does. The connection may have been lost since the operations
   * were asked: some clients would keep the command, and send it when they are connected again.
   */
  async #send(command: 'evalSha' | 'eval', script: string, remaining: RemainingCall): Promise<unknown> {
    const connecting = this.connecting()
    if (connecting !== undefined) await connecting
    const call = remaining()
    return call && this.#connection[command](script, call.keys, call.args)
  }
}

function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}
