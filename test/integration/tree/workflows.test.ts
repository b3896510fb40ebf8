import { describe, expect, it } from 'vitest'
import { filesBelow, textOf } from '../../support/project-files.ts'

const workflows = filesBelow('.github/workflows')

/** What follows `uses:` on each line that has one. */
function usesIn(text: string): string[] {
  return [...text.matchAll(/^(?![ \t]*#).*?\buses['"]?\s*:[ \t]*(.*)$/gm)].map(([, value = '']) => value)
}

/** A full commit, which nobody can move, with the version it was for the reader. */
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/

describe('the workflows', () => {
  it('are the check of every change and the release', () => {
    expect(workflows).toEqual(['.github/workflows/ci.yml', '.github/workflows/release.yml'])
  })

  it.each(workflows)('%s pins each action by its commit', (path) => {
    const uses = usesIn(textOf(path))
    expect(uses.length).toBeGreaterThan(0)
    expect(uses.filter((value) => !PINNED.test(value))).toEqual([])
  })

  it('pin each action at one commit everywhere', () => {
    const pins = new Set(workflows.flatMap((path) => usesIn(textOf(path))))
    const actions = new Set([...pins].map((pin) => pin.split('@')[0]))
    expect(pins.size).toBe(actions.size)
  })

  it.each(workflows)('%s starts from reading rights only', (path) => {
    expect(textOf(path)).toMatch(/^permissions:\n {2}contents: read\n/m)
  })

  it('check Node 20, 22 and 24 with the script that runs everywhere', () => {
    const text = textOf('.github/workflows/ci.yml')
    expect(text).toContain('node: [20, 22, 24]')
    expect(text).toContain('run: bash .ci/run')
    expect(text).toContain('image: redis:')
    expect(text).toContain('--health-cmd')
  })

  it('release on a tag only, with provenance', () => {
    const text = textOf('.github/workflows/release.yml')
    expect(text).toMatch(/^on:\n {2}push:\n {4}tags: \[["']v\*["']\]\n\n/m)
    expect(text).toContain('npm publish --provenance --access public')
    expect(text.match(/: write$/gm)).toEqual([': write'])
    expect(text).toContain('id-token: write')
  })
})

describe('the check of pins', () => {
  it('finds every form of `uses`', () => {
    expect(
      usesIn('    - uses: a/b@v4\n    # uses: c/d@v1\n    - { uses: e/f@main }\n    "uses": g/h@v2'),
    ).toEqual(['a/b@v4', 'e/f@main }', 'g/h@v2'])
  })

  it.each([
    'actions/checkout@v4',
    'actions/checkout@main',
    'actions/checkout@3d3c42e',
    'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1',
    './.github/actions/local',
  ])('refuses %s', (value) => {
    expect(value).not.toMatch(PINNED)
  })
})
