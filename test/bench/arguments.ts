import { nearestName } from '../../src/errors/nearest-name.ts'

/** What `npm run bench` was asked to do. */
export interface Arguments {
  /** Benchmarks to run, in their own order. */
  readonly names: readonly string[]
  readonly rounds: number
  readonly scale: number
  /** Only so many workloads of each benchmark, the first ones. */
  readonly workloads: number
  /** Version of the Node to run in; undefined for the one that runs. */
  readonly node: string | undefined
  /** Folder of the build to measure; undefined for the project's own. */
  readonly dist: string | undefined
  /** File to write the figures to. */
  readonly json: string | undefined
  readonly chart: boolean
  readonly list: boolean
}

/** An argument that cannot be: the message names it, what was given, and what helps. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError'
}

const FLAGS = [
  '--rounds',
  '--scale',
  '--workloads',
  '--node',
  '--dist',
  '--json',
  '--chart',
  '--list',
] as const
type Flag = (typeof FLAGS)[number]
const SWITCHES: readonly Flag[] = ['--chart', '--list']

const ROUNDS = 5
const MOST = 99

/**
 * Reads the words after `npm run bench --`.
 *
 * @throws ArgumentError for a flag or a benchmark that is not known, and for a value that a flag does not take
 */
export function parseArguments(words: readonly string[], benchmarks: readonly string[]): Arguments {
  const { names, values } = sortWords(words)
  for (const name of names) checkName(name, benchmarks)
  return {
    names: names.length === 0 ? benchmarks : benchmarks.filter((name) => names.includes(name)),
    rounds: countOf('--rounds', values.get('--rounds')) ?? ROUNDS,
    scale: scaleOf(values.get('--scale')),
    workloads: countOf('--workloads', values.get('--workloads')) ?? Number.POSITIVE_INFINITY,
    node: versionOf(values.get('--node')),
    dist: values.get('--dist'),
    json: values.get('--json'),
    chart: values.has('--chart'),
    list: values.has('--list'),
  }
}

function sortWords(words: readonly string[]): {
  readonly names: readonly string[]
  readonly values: ReadonlyMap<Flag, string>
} {
  const names: string[] = []
  const values = new Map<Flag, string>()
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (!word.startsWith('-')) {
      names.push(word)
      continue
    }
    const [given = '', inline] = word.split(/=(.*)/s)
    const flag = flagNamed(given)
    if (values.has(flag)) throw new ArgumentError(`${flag} is there twice. Give it once.`)
    if (SWITCHES.includes(flag)) {
      if (inline !== undefined) {
        throw new ArgumentError(`${flag} takes no value: '${inline}' was given. Write ${flag} alone.`)
      }
      values.set(flag, '')
      continue
    }
    const value = inline ?? words[++at]
    if (value === undefined || value === '' || value.startsWith('--')) {
      throw new ArgumentError(`${flag} takes a value: none was given. Write ${EXAMPLES[flag]}.`)
    }
    values.set(flag, value)
  }
  return { names, values }
}

const EXAMPLES: Readonly<Record<Flag, string>> = {
  '--rounds': '--rounds 5',
  '--scale': '--scale 0.1',
  '--workloads': '--workloads 1',
  '--node': '--node 24',
  '--dist': '--dist ../before/dist',
  '--json': '--json figures.json',
  '--chart': '--chart',
  '--list': '--list',
}

function flagNamed(given: string): Flag {
  const flag = FLAGS.find((one) => one === given)
  if (flag !== undefined) return flag
  throw new ArgumentError(`${given} is not a flag.${meant(given, FLAGS)} The flags are ${FLAGS.join(', ')}.`)
}

function checkName(name: string, benchmarks: readonly string[]): void {
  if (benchmarks.includes(name)) return
  const choice = `The benchmarks are ${benchmarks.join(', ')}.`
  throw new ArgumentError(`'${name}' is not a benchmark.${meant(name, benchmarks)} ${choice}`)
}

function meant(given: string, names: readonly string[]): string {
  const nearest = nearestName(given, names)
  return nearest === undefined ? '' : ` Did you mean ${nearest}?`
}

function countOf(flag: '--rounds' | '--workloads', given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const count = Number(given)
  if (Number.isInteger(count) && count >= 1 && count <= MOST) return count
  throw new ArgumentError(
    `${flag} takes a whole number: '${given}' was given. Give one from 1 to ${MOST}, such as ${EXAMPLES[flag]}.`,
  )
}

function scaleOf(given: string | undefined): number {
  if (given === undefined) return 1
  const scale = Number(given)
  if (scale > 0 && scale <= 1) return scale
  throw new ArgumentError(
    `--scale takes a number above 0 and up to 1: '${given}' was given. Give 1 for full size, or --scale 0.1.`,
  )
}

/** A version as the registry of packages names it, and nothing that a shell or npx could take for something else. */
function versionOf(given: string | undefined): string | undefined {
  if (given === undefined || /^\d{1,3}(\.\d{1,4}){0,2}$/.test(given)) return given
  throw new ArgumentError(
    `--node takes a version of Node: '${given}' was given. Give one such as --node 24 or --node 24.11.0.`,
  )
}
