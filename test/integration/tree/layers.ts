import { builtinModules } from 'node:module'
import type { Import } from './imports.ts'

/** One folder of src: what is in it, and which folders or files it may import beside itself. */
export interface Layer {
  readonly holds: string
  readonly mayImport: readonly string[]
}

/**
 * The folders of src. A folder imports only folders above it in this list. So imports never form a circle.
 */
export const LAYERS: Readonly<Record<string, Layer>> = {
  errors: {
    holds:
      'the error class, warnings, checks of single option values, state that copies of the library share',
    mayImport: [],
  },
  limits: {
    holds: 'how much a client may send: limits, policies, decisions, one file for each algorithm',
    mayImport: ['errors'],
  },
  client: {
    holds: 'which client sends a request: addresses, trusted proxies, client keys',
    mayImport: ['errors'],
  },
  events: { holds: 'the diagnostics channels and their events', mayImport: ['errors', 'limits'] },
  stores: {
    holds:
      'where counters live: the contract, `memory/`, `redis/`, `express-rate-limit/` (stores of that library), `resilience/` (deadline, circuit breaker, fallback)',
    mayImport: ['errors', 'events', 'limits'],
  },
  response: {
    holds: 'what a client receives: one file for each header format, the refusal',
    mayImport: ['errors', 'limits'],
  },
  options: {
    holds: 'the public options, their parsing and its errors, environment variables',
    mayImport: ['client', 'errors', 'limits', 'response', 'stores'],
  },
  request: {
    holds: 'the steps of one request: the middleware and what it calls',
    mayImport: ['client', 'errors', 'events', 'limits', 'options', 'response', 'stores'],
  },
  limiter: {
    holds: 'the rest of a limiter: methods without a request, bans, upgrades, its description, warnings',
    mayImport: ['client', 'errors', 'events', 'limits', 'options', 'request', 'response', 'stores'],
  },
  'tools/audit': { holds: 'which routes have a limiter before them', mayImport: ['errors', 'limits'] },
  'tools/metrics': {
    holds: 'metrics for Prometheus and OpenTelemetry',
    mayImport: ['errors', 'events', 'limiter', 'limits', 'stores'],
  },
  'tools/openapi': {
    holds: 'limits as parts of an OpenAPI document',
    mayImport: ['errors', 'limiter', 'limits', 'response'],
  },
  'tools/testing': {
    holds: 'the conformance suite for stores, a fake clock, a faulty store',
    mayImport: ['errors', 'limits', 'stores'],
  },
  'tools/dashboard': {
    holds: 'the live page',
    mayImport: ['client', 'errors', 'events', 'limiter', 'limits', 'stores', 'tools/audit'],
  },
  'tools/concurrency': {
    holds: 'the limiter of requests that are in flight at once',
    mayImport: [
      'create-rate-limiter.ts',
      'errors',
      'limiter',
      'limits',
      'options',
      'request',
      'response',
      'stores',
    ],
  },
  // The program uses the library as an application does, and parts of a limiter to replay a log.
  'tools/cli': {
    holds: 'the program: `audit` and `replay`',
    mayImport: [
      'client',
      'create-rate-limiter.ts',
      'errors',
      'events',
      'limiter',
      'limits',
      'options',
      'stores',
      'tools/audit',
    ],
  },
}

/** The layers as a table in Markdown, for docs/architecture.md. */
export function layerTable(): string {
  const rows = Object.entries(LAYERS).map(([folder, { holds, mayImport }]) => {
    const imports = mayImport.map((name) => `\`${name}\``).join(', ')
    return `| \`src/${folder}\` | ${holds} | ${imports === '' ? 'nothing' : imports} |`
  })
  return ['| folder | what is in it | may import |', '| --- | --- | --- |', ...rows].join('\n')
}

/** They import nothing of src, so that every file may import them. */
export const LEAVES: readonly string[] = ['src/background-timer.ts', 'src/maybe-promise.ts']

/** The files at the root of src: they put the folders together, or list what is public. */
const ROOT_FILES: readonly string[] = ['create-rate-limiter.ts', 'index.ts']

/** The packages that are installed at run time. */
const PACKAGES: readonly string[] = ['ipaddr.js']

/** The live page is a router of Express, and may import this peer dependency. */
const ROUTERS = 'src/tools/dashboard/'

/** What is wrong with an import; undefined where nothing is. */
export function layerViolation({ from, to, typeOnly }: Import): string | undefined {
  if (!to.startsWith('src/')) return packageViolation(from, to, typeOnly)
  if (LEAVES.includes(from)) {
    return `${from} imports ${to}: it must import nothing, since every file may import it`
  }
  if (LEAVES.includes(to)) return undefined
  const [, first = '', second = '', ...rest] = from.split('/')
  if (second === '') {
    return ROOT_FILES.includes(first) ? undefined : `${from} lies at the root of src: give it a folder`
  }
  const folder = first === 'tools' && rest.length > 0 ? `tools/${second}` : first
  const layer = LAYERS[folder]
  if (layer === undefined) {
    return `src/${folder} has no layer: say in test/integration/tree/layers.ts what it may import`
  }
  const target = to.slice('src/'.length)
  const allowed = [folder, ...layer.mayImport].some((one) => target === one || target.startsWith(`${one}/`))
  return allowed
    ? undefined
    : `${from} imports ${to}: ${folder} may import ${layer.mayImport.join(', ') || 'nothing'}`
}

function packageViolation(from: string, to: string, typeOnly: boolean): string | undefined {
  if (typeOnly || to.startsWith('node:') || PACKAGES.includes(to)) return undefined
  if (to === 'express' && from.startsWith(ROUTERS)) return undefined
  const remedy = builtinModules.includes(to) ? `write node:${to}` : 'it is no runtime dependency'
  return `${from} imports ${to} at run time: ${remedy}`
}

/** The first circle of imports found, as the files on it; empty when there is none. */
export function importCircle(imports: readonly Import[]): readonly string[] {
  const edges = new Map<string, string[]>()
  for (const { from, to } of imports) edges.set(from, [...(edges.get(from) ?? []), to])
  const done = new Set<string>()
  const search = (file: string, path: readonly string[]): readonly string[] => {
    const seenAt = path.indexOf(file)
    if (seenAt !== -1) return [...path.slice(seenAt), file]
    if (done.has(file)) return []
    for (const to of edges.get(file) ?? []) {
      const circle = search(to, [...path, file])
      if (circle.length > 0) return circle
    }
    done.add(file)
    return []
  }
  for (const file of edges.keys()) {
    const circle = search(file, [])
    if (circle.length > 0) return circle
  }
  return []
}
