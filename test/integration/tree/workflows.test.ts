import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesBelow, textOf } from '../../support/project-files.ts'
import { BUILT } from '../site/published-site.ts'

const workflows = filesBelow('.github/workflows')

/** What follows `uses:` on each line that has one. */
function usesIn(text: string): string[] {
  return [...text.matchAll(/^(?![ \t]*#).*?\buses['"]?\s*:[ \t]*(.*)$/gm)].map(([, value = '']) => value)
}

/** A full commit, which nobody can move, with the version it was for the reader. */
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/

describe('the workflows', () => {
  it('are the check of every change, the site and the release', () => {
    const names = ['ci.yml', 'docs.yml', 'release.yml']
    expect(workflows).toEqual(names.map((name) => `.github/workflows/${name}`))
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
})

describe('the site', () => {
  const text = textOf('.github/workflows/docs.yml')
  const [build = '', publish = ''] = text.split(/^ {2}publish:\n/m)

  it('is published from main only', () => {
    expect(text).toMatch(/^on:\n {2}push:\n {4}branches: \[main\]\n {2}workflow_dispatch:\n\n/m)
    expect(build).toMatch(/^ {4}if: github\.ref == 'refs\/heads\/main'$/m)
    expect(publish).toMatch(/^ {4}needs: build$/m)
  })

  it('is what `npm run docs` writes', () => {
    expect(build).toMatch(/^ {6}- run: npm run docs\n {6}- uses: actions\/upload-pages-artifact@/m)
    expect(build).toContain(`path: ${BUILT}\n`)
    expect(publish).toContain('uses: actions/deploy-pages@')
  })

  it('is published by a job that may do nothing else, and runs no code of the repository', () => {
    expect(build).not.toMatch(/: write$/m)
    const permissions = / {4}permissions:\n((?: {6}.*\n)+)/.exec(publish)?.[1] ?? ''
    const granted = permissions.split('\n').filter((line) => !line.trimStart().startsWith('#'))
    expect(granted.map((line) => line.trim()).filter((line) => line !== '')).toEqual([
      'pages: write',
      'id-token: write',
    ])
    expect(publish).toMatch(/^ {4}environment:\n {6}name: github-pages$/m)
    expect(publish).not.toMatch(/actions\/checkout|\brun:/)
  })
})

describe('the release', () => {
  const text = textOf('.github/workflows/release.yml')
  const [check = '', publish = ''] = text.split(/^ {2}publish:\n/m)

  /** The lines of the step with this name, without their indentation. */
  const scriptOf = (job: string, name: string): string => {
    const [, step = ''] = job.split(`- name: ${name}\n`)
    const [, block = ''] = /^ +run: \|\n((?: {10}.*\n)+)/m.exec(step) ?? []
    return block.replace(/^ {10}/gm, '') || (/^ +run: (.+)$/m.exec(step)?.[1] ?? '')
  }

  const positions = (job: string, ...parts: readonly string[]): number[] =>
    parts.map((part) => job.indexOf(part))

  it('runs for tags only', () => {
    expect(text).toMatch(/^on:\n {2}push:\n {4}tags: \[["']v\*["']\]\n\n/m)
  })

  it('is of a commit on main', () => {
    expect(check).toContain('fetch-depth: 0')
    expect(isOnMain(scriptOf(check, 'The commit is on main'))).toEqual({ merged: true, unmerged: false })
  })

  it('checks, packs once, checks the tarball and hands on that one, in this order', () => {
    const order = positions(
      check,
      'name: The commit is on main',
      'run: bash .ci/run',
      'npm pack ',
      'publint run "$TOLLGATE_TARBALL"',
      'attw "$TOLLGATE_TARBALL"',
      'test/slow-tests.ts --full test/integration/package',
      'uses: actions/upload-artifact@',
    )
    expect(order).not.toContain(-1)
    expect(order).toEqual([...order].sort((one, other) => one - other))
    expect(text.match(/npm (?:pack|publish) .*/g)).toEqual([
      'npm pack --pack-destination release',
      'npm publish "./$TARBALL" --ignore-scripts --provenance --access public',
    ])
  })

  it('publishes nothing but the tarball that was checked', () => {
    expect(publish).toContain('needs: check')
    const order = positions(publish, 'uses: actions/download-artifact@', 'sha256sum --check', 'npm publish ')
    expect(order).not.toContain(-1)
    expect(order).toEqual([...order].sort((one, other) => one - other))
    const script = scriptOf(publish, 'It is the tarball that was checked')
    const folder = mkdtempSync(join(tmpdir(), 'express-tollgate-'))
    writeFileSync(join(folder, 'a.tgz'), 'checked')
    const sha256 = createHash('sha256').update('checked').digest('hex')
    const env = { ...process.env, TARBALL: 'a.tgz', SHA256: sha256 }
    const statusOf = (): number | null => spawnSync('bash', ['-ec', script], { cwd: folder, env }).status
    expect(statusOf()).toBe(0)
    writeFileSync(join(folder, 'a.tgz'), 'another one')
    expect(statusOf()).toBe(1)
    rmSync(folder, { recursive: true })
  })

  it('uses trusted publishing from a protected environment, and no token', () => {
    expect(publish).toMatch(/^ {4}environment:\n {6}name: npm$/m)
    expect(text.match(/: write$/gm)).toEqual([': write'])
    expect(publish).toMatch(/^ {4}permissions:\n(?: {6}#.*\n)* {6}id-token: write\n {4}steps:$/m)
    const all = workflows.map(textOf).join('\n')
    expect(all).not.toMatch(/secrets\.|NPM_TOKEN|NODE_AUTH_TOKEN|_authToken|registry-url/)
  })

  it('runs no code of the repository and its dependencies where it may publish', () => {
    expect(publish).not.toMatch(/actions\/checkout|npm (?:ci|install|run|exec|test)|npx|\.ci\/run/)
  })
})

/** Runs the check on a commit that is merged into main, and on one that is not. */
function isOnMain(script: string): { readonly merged: boolean; readonly unmerged: boolean } {
  const folder = mkdtempSync(join(tmpdir(), 'express-tollgate-'))
  const run = (command: string, GITHUB_SHA = ''): number | null =>
    spawnSync('bash', ['-ec', command], { cwd: folder, env: { ...process.env, ...GIT_ENV, GITHUB_SHA } })
      .status
  const commit = (message: string): string => {
    expect(run(`git commit -q --allow-empty -m ${message}`)).toBe(0)
    return spawnSync('git', ['rev-parse', 'HEAD'], { cwd: folder, encoding: 'utf8' }).stdout.trim()
  }
  expect(run('git init -q')).toBe(0)
  const merged = commit('merged')
  expect(run('git update-ref refs/remotes/origin/main HEAD')).toBe(0)
  const unmerged = commit('unmerged')
  const result = { merged: run(script, merged) === 0, unmerged: run(script, unmerged) === 0 }
  rmSync(folder, { recursive: true })
  return result
}

/** Makes git work without the settings of the user, and not on the repository of this project. */
const GIT_ENV = {
  GIT_DIR: undefined,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.com',
}

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
