import { builtinModules } from 'node:module'
import type { Import } from './imports.ts'

/**
 * What each folder of src may import, beside itself: folders, and single files where a folder would be too
 * much. A request walks from left to right (client, limits, stores, response), and imports run one way.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  limits: ['errors'],
  client: ['errors'],
  events: ['errors', 'limits'],
  stores: ['errors', 'events', 'limits'],
  response: ['errors', 'limits'],
  options: ['client', 'errors', 'limits', 'response', 'stores'],
  request: ['client', 'errors', 'events', 'limits', 'options', 'response', 'stores'],
  limiter: ['client', 'errors', 'events', 'limits', 'options', 'request', 'response', 'stores'],
  'tools/audit': ['errors', 'limits'],
  'tools/metrics': ['errors', 'events', 'limiter', 'limits', 'stores'],
  'tools/openapi': ['errors', 'limiter', 'limits', 'response'],
  'tools/testing': ['errors', 'limits', 'stores'],
  'tools/dashboard': ['client', 'errors', 'events', 'limiter', 'limits', 'stores', 'tools/audit'],
  // The program uses the library as its users do, and looks into a limiter to replay a log.
  'tools/cli': [
    'client',
    'create-rate-limiter.ts',
    'errors',
    'events',
    'limits',
    'options',
    'stores',
    'tools/audit',
  ],
}

/** Imports nothing, so that everybody may import it. */
export const LEAF = 'src/maybe-promise.ts'

/** The files that know everything, and the list of what is public. */
const ROOT_FILES: readonly string[] = [
  'create-rate-limiter.ts',
  'index.ts',
  'maybe-promise.ts',
  'middleware.ts',
]

/** The packages that are there at run time. */
const PACKAGES: readonly string[] = ['ipaddr.js']

/** What is a router of Express itself may import it: it is a peer that everybody has. */
const ROUTERS = 'src/dashboard/'

/** Why an import must not be, or undefined when it may. */
export function layerViolation({ from, to, typeOnly }: Import): string | undefined {
  if (!to.startsWith('src/')) return packageViolation(from, to, typeOnly)
  if (from === LEAF) return `${from} imports ${to}: it must stay a leaf, everybody imports it`
  if (to === LEAF) return undefined
  const [, folder = '', ...rest] = from.split('/')
  if (rest.length === 0) {
    return ROOT_FILES.includes(folder) ? undefined : `${from} lies at the root of src: give it a folder`
  }
  const allowed = ALLOWED[folder]
  if (allowed === undefined)
    return `src/${folder} has no layer: say in test/tree/layers.ts what it may import`
  const target = to.slice('src/'.length)
  const mayImport = [folder, ...allowed].some((one) => target === one || target.startsWith(`${one}/`))
  return mayImport
    ? undefined
    : `${from} imports ${to}: ${folder} may import ${allowed.join(', ') || 'nothing'}`
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
  const search = (file: string, way: readonly string[]): readonly string[] => {
    const seenAt = way.indexOf(file)
    if (seenAt !== -1) return [...way.slice(seenAt), file]
    if (done.has(file)) return []
    for (const to of edges.get(file) ?? []) {
      const circle = search(to, [...way, file])
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
