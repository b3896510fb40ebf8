import { expect, onTestFinished, vi } from 'vitest'
import type { Bounds } from '../../../examples/agentwatch/domain/bounds.ts'
import { createWatch } from '../../../examples/agentwatch/domain/watch.ts'
import { onEveryRequest } from '../../../examples/agentwatch/http/server-requests.ts'
import {
  type Agentwatch,
  type AgentwatchOptions,
  createAgentwatch,
} from '../../../examples/agentwatch/server.ts'

/** A server on a free port of 127.0.0.1. */
export interface RunningAgentwatch extends Agentwatch {
  readonly url: string
  /** Resolves when the answers to all requests so far are complete. Then the server has counted them. */
  readonly allAnswered: () => Promise<void>
}

/** Options of the server of a test. All others have the defaults of the example. */
export type TestOptions = Partial<Omit<AgentwatchOptions, 'watch'>> & {
  readonly bounds?: Partial<Bounds>
  /** The clock of the sessions, in milliseconds since the epoch. */
  readonly now?: () => number
}

export const API_KEY = 'test-key-0123456789abcdef'

/** Starts a server that is closed at the end of the test. */
export async function startAgentwatch({
  env,
  bounds,
  now = Date.now,
  ...options
}: TestOptions = {}): Promise<RunningAgentwatch> {
  const agentwatch = createAgentwatch({
    env: { PORT: '0', ...env },
    watch: createWatch({ now, ...(bounds === undefined ? {} : { bounds }) }),
    drainMs: 500,
    ...options,
  })
  let underWay = 0
  onEveryRequest(agentwatch.server, (res) => {
    underWay++
    res.once('close', () => underWay--)
  })
  const allAnswered = (): Promise<void> => vi.waitFor(() => expect(underWay).toBe(0), { timeout: 60_000 })
  const url = await agentwatch.listen()
  onTestFinished(() => agentwatch.close())
  return { ...agentwatch, url, allAnswered }
}
