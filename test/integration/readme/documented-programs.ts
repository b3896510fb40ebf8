import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type CodeBlock, codeBlocksOf } from './code-blocks.ts'

export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url))

const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))]

/** A code block with the name of its page and line. */
export interface DocumentedBlock extends CodeBlock {
  readonly name: string
}

/** The code blocks of the README and of the pages of docs. */
export const blocks: readonly DocumentedBlock[] = PAGES.flatMap((page) =>
  codeBlocksOf(new URL(page === 'README.md' ? page : `docs/${page}`, pathToFileURL(ROOT))).map((block) => ({
    ...block,
    name: `${page.replace('.md', '')}-line-${block.line}.mts`,
  })),
)

/** The blocks that are programs. */
export const programs: readonly DocumentedBlock[] = blocks.filter(({ language }) => language === 'ts')

/** Whether a program is a test that vitest runs, and not Node. */
export function isVitestTest({ code }: CodeBlock): boolean {
  return code.includes("from 'vitest'")
}

/** The options of the compiler that change what a program means. */
export const COMPILER_OPTIONS = { experimentalDecorators: true } as const

/** What the programs import besides this package. */
const PACKAGES = [
  '@codegenie',
  '@nestjs',
  '@opentelemetry',
  '@trpc',
  '@types',
  'cors',
  'express',
  'graphql',
  'graphql-http',
  'ioredis',
  'prom-client',
  'rate-limit-memcached',
  'reflect-metadata',
  'rxjs',
  'serverless-http',
  'socket.io',
  'socket.io-client',
  'supertest',
  'vitest',
  'ws',
]

/** A project that has the programs, and this package and those that the programs use in its node_modules. */
export interface DocumentedPrograms {
  readonly folder: string
  remove(): void
}

export function createProject(): DocumentedPrograms {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'readme-')))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules', 'express-tollgate'))
  for (const name of PACKAGES) {
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  }
  // tsx and the compiler of the test read the decorators of NestJS by the same rule.
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS }))
  for (const { name, code } of programs) writeFileSync(join(folder, name), code)
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
