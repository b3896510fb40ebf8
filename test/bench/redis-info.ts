/** What a Redis server has done since it was started. */
export interface ServerWork {
  /** Commands, those within scripts and those that were refused included. */
  readonly commands: number
  /** Processor time of its process in microseconds, that of the kernel for it included. */
  readonly processorUs: number
}

/**
 * Reads what INFO says under `commandstats` and `cpu` (the format: https://redis.io/docs/latest/commands/info/).
 * The INFO itself is left out, by which we would count ourselves.
 */
export function workIn(info: string): ServerWork {
  let commands = 0
  let processorUs = 0
  for (const line of info.split('\r\n')) {
    const [, command, calls] = /^cmdstat_([^:]+):calls=(\d+),/.exec(line) ?? []
    if (command !== undefined && command !== 'info') commands += Number(calls)
    const [, seconds] = /^used_cpu_(?:user|sys):([\d.]+)$/.exec(line) ?? []
    if (seconds !== undefined) processorUs += Number(seconds) * 1e6
  }
  return { commands, processorUs }
}

/** What was done from one reading to the next. */
export function workBetween(before: ServerWork, after: ServerWork): ServerWork {
  return {
    commands: after.commands - before.commands,
    processorUs: after.processorUs - before.processorUs,
  }
}
