/*
 * Keeps a server and its load each on a core of its own, so that the server has one core and no more, and neither
 * takes time from the other. By the program `taskset` of util-linux, where it is and there are two cores.
 */
import { spawnSync } from 'node:child_process'

export const SERVER_CORE = 0
export const LOAD_CORE = 1

const canPin = [SERVER_CORE, LOAD_CORE].every(
  (core) => spawnSync('taskset', ['-c', String(core), 'true']).status === 0,
)

/** How a table says it. */
export const PINNING_TEXT: string = canPin
  ? 'the server on one core, the load on another'
  : 'the server and the load on any core: there is no taskset, or there are no two cores'

/** Keeps all threads of a process on a core. */
export function pinToCore(processId: number, core: number): void {
  if (!canPin) return
  const { status, stderr } = spawnSync('taskset', ['-a', '-p', '-c', String(core), String(processId)])
  if (status !== 0) throw new Error(`taskset did not pin process ${processId}: ${stderr}`)
}

/** The command that starts another command on a core. */
export function pinned(core: number, command: readonly string[]): readonly string[] {
  return canPin ? ['taskset', '-c', String(core), ...command] : command
}
