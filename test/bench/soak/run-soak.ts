import { setTimeout as passing } from 'node:timers/promises'
import { type ServerReport, SoakProcess } from './soak-processes.ts'
import { SteadyLoad } from './steady-load.ts'
import { FAULTS, TroubledRedis } from './troubled-redis.ts'

/** How long a soak takes, and how much load it makes. */
export interface SoakPlan {
  readonly minutes: number
  readonly processes: number
  readonly requestsPerSecond: number
  /** Called after each fault, once Redis decides again. */
  readonly onRecovery: (recovery: Recovery) => void
}

/** How long it took until Redis decided again in every process. */
export interface Recovery {
  readonly fault: string
  /** Infinite where it took longer than two minutes. */
  readonly ms: number
}

/** The result of a soak. */
export interface SoakOutcome {
  /** How often each status came; 0 stands for no answer. */
  readonly statuses: ReadonlyMap<number, number>
  /** Requests that the generator left out because it could not keep up. */
  readonly unsent: number
  readonly firstError: string | undefined
  /** How processes ended that ended by themselves. */
  readonly deaths: readonly string[]
  readonly recoveries: readonly Recovery[]
  /** Of each process, before the first fault and after the last. */
  readonly before: readonly ServerReport[]
  readonly after: readonly ServerReport[]
}

/** Time between two faults: long enough to recover in, and short enough to see all faults in a minute. */
const LONGEST_TURN_MS = 12_000
const POLL_MS = 20
const MOST_RECOVERY_MS = 120_000

/** Serves a steady load from several processes, while their Redis has one fault after the other. */
export async function runSoak(plan: SoakPlan): Promise<SoakOutcome> {
  const redis = await TroubledRedis.start()
  const processes: SoakProcess[] = []
  try {
    for (let index = 0; index < plan.processes; index++) {
      processes.push(await SoakProcess.start(redis.url, plan.processes))
    }
    return await soak(plan, redis, processes)
  } finally {
    await Promise.all(processes.map((one) => one.stop()))
    await redis.stop()
  }
}

async function soak(
  plan: SoakPlan,
  redis: TroubledRedis,
  processes: readonly SoakProcess[],
): Promise<SoakOutcome> {
  const totalMs = plan.minutes * 60_000
  // The first turn has no fault. After that each fault has at least one turn.
  const turnMs = Math.min(LONGEST_TURN_MS, totalMs / (FAULTS.length + 1))
  const load = new SteadyLoad(
    processes.map(({ port }) => port),
    plan.requestsPerSecond,
  )
  await passing(turnMs)
  const before = await reportsOf(processes)
  const recoveries = await causeFaultsInTurn(plan, redis, processes, turnMs)
  await load.stop()
  const deaths = processes.flatMap(({ died }) => died ?? [])
  const { statuses, unsent, firstError } = load
  return { statuses, unsent, firstError, deaths, recoveries, before, after: await reportsOf(processes) }
}

async function causeFaultsInTurn(
  { minutes, onRecovery }: SoakPlan,
  redis: TroubledRedis,
  processes: readonly SoakProcess[],
  turnMs: number,
): Promise<Recovery[]> {
  const recoveries: Recovery[] = []
  const turns = Math.max(FAULTS.length, Math.floor((minutes * 60_000) / turnMs) - 1)
  for (let turn = 0; turn < turns; turn++) {
    const fault = FAULTS[turn % FAULTS.length]
    if (fault === undefined || processes.some(({ died }) => died !== undefined)) break
    const beganAtMs = performance.now()
    await fault.happen(redis, turnMs / 3)
    const recovery = { fault: fault.name, ms: await recoveryMs(processes) }
    recoveries.push(recovery)
    onRecovery(recovery)
    await passing(Math.max(0, turnMs - (performance.now() - beganAtMs)))
  }
  return recoveries
}

/** Milliseconds from now until Redis decides again in every process, and every circuit is closed. */
async function recoveryMs(processes: readonly SoakProcess[]): Promise<number> {
  const returnedAtMs = Date.now()
  while (Date.now() - returnedAtMs < MOST_RECOVERY_MS) {
    const states = await Promise.all(processes.map((one) => one.state()))
    const isBack = states.every(
      (state) => state === undefined || (state.circuit === 'closed' && state.answeredAtMs > returnedAtMs),
    )
    if (isBack) return Date.now() - returnedAtMs
    await passing(POLL_MS)
  }
  return Number.POSITIVE_INFINITY
}

async function reportsOf(processes: readonly SoakProcess[]): Promise<ServerReport[]> {
  const reports = await Promise.all(processes.map((one) => one.report()))
  return reports.flatMap((report) => report ?? [])
}
