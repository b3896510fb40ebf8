import { describe, expect, it } from 'vitest'
import { ArgumentError, parseArguments } from './arguments.ts'

const BENCHMARKS = ['decisions', 'memory', 'flood']
const parse = (line: string): ReturnType<typeof parseArguments> =>
  parseArguments(line === '' ? [] : line.split(' '), BENCHMARKS)

describe('the arguments of npm run bench', () => {
  it('are all benchmarks, five rounds and full size unless said otherwise', () => {
    expect(parse('')).toStrictEqual({
      names: BENCHMARKS,
      rounds: 5,
      scale: 1,
      workloads: Number.POSITIVE_INFINITY,
      node: undefined,
      dist: undefined,
      json: undefined,
      chart: false,
      list: false,
    })
  })

  it('name benchmarks in any order and place; they run in their own', () => {
    const { names, rounds } = parse('flood --rounds 3 decisions')
    expect(names).toEqual(['decisions', 'flood'])
    expect(rounds).toBe(3)
  })

  it('take their values behind a space or an equals sign', () => {
    const line =
      '--rounds=1 --scale 0.01 --workloads 2 --node 24.11 --dist=../a=b/dist --json out.json --chart --list'
    expect(parse(line)).toStrictEqual({
      names: BENCHMARKS,
      rounds: 1,
      scale: 0.01,
      workloads: 2,
      node: '24.11',
      dist: '../a=b/dist',
      json: 'out.json',
      chart: true,
      list: true,
    })
  })

  it.each([
    [
      '--round 3',
      '--round is not a flag. Did you mean --rounds? The flags are --rounds, --scale, --workloads, --node, --dist, --json, --chart, --list.',
    ],
    [
      '-r 3',
      '-r is not a flag. The flags are --rounds, --scale, --workloads, --node, --dist, --json, --chart, --list.',
    ],
    [
      'decision',
      "'decision' is not a benchmark. Did you mean decisions? The benchmarks are decisions, memory, flood.",
    ],
    ['x', "'x' is not a benchmark. The benchmarks are decisions, memory, flood."],
    ['--rounds', '--rounds takes a value: none was given. Write --rounds 5.'],
    ['--rounds=', '--rounds takes a value: none was given. Write --rounds 5.'],
    ['--json --chart', '--json takes a value: none was given. Write --json figures.json.'],
    [
      '--rounds 0',
      "--rounds takes a whole number: '0' was given. Give one from 1 to 99, such as --rounds 5.",
    ],
    [
      '--rounds 100',
      "--rounds takes a whole number: '100' was given. Give one from 1 to 99, such as --rounds 5.",
    ],
    [
      '--workloads 1.5',
      "--workloads takes a whole number: '1.5' was given. Give one from 1 to 99, such as --workloads 1.",
    ],
    [
      '--scale 0',
      "--scale takes a number above 0 and up to 1: '0' was given. Give 1 for full size, or --scale 0.1.",
    ],
    [
      '--scale half',
      "--scale takes a number above 0 and up to 1: 'half' was given. Give 1 for full size, or --scale 0.1.",
    ],
    [
      '--scale 1.01',
      "--scale takes a number above 0 and up to 1: '1.01' was given. Give 1 for full size, or --scale 0.1.",
    ],
    [
      '--node latest',
      "--node takes a version of Node: 'latest' was given. Give one such as --node 24 or --node 24.11.0.",
    ],
    ['--chart=yes', "--chart takes no value: 'yes' was given. Write --chart alone."],
    ['--rounds 1 --rounds 2', '--rounds is there twice. Give it once.'],
  ])('cannot be %s', (line, message) => {
    expect(() => parse(line)).toThrow(new ArgumentError(message))
  })
})
