import type { EarlyMiddleware, RouteEntry } from './route-report.ts'

/** Middleware that the scan found where no limiter is proven to run before it. */
export interface FoundEarly {
  readonly middleware: EarlyMiddleware
  /** What the audit decided about it, as if it were a route. */
  readonly entry: RouteEntry
  /** The name of a limiter for all paths that comes after it in the same router. */
  readonly laterLimiter: string | undefined
}

interface EarlyGroup {
  /** How many entries the report has before this group. */
  readonly position: number
  readonly found: FoundEarly[]
}

/**
 * The middleware that no limiter is proven to run before, in groups: one for each limiter that follows. It
 * mostly passes requests on, but it may answer: a body parser with 400, a check of API keys with 401, a proxy
 * with anything.
 */
export class EarlyMiddlewareList {
  readonly #accepted: ReadonlySet<string>
  readonly #groups = new Map<string, EarlyGroup>()
  readonly #names = new Set<string>()

  /** @param accepted the names of functions that may run before a limiter */
  constructor(accepted: readonly string[]) {
    this.#accepted = new Set(accepted)
  }

  /** The names of all functions that were added, the accepted ones included. */
  get names(): readonly string[] {
    return [...this.#names]
  }

  /** @param position how many entries the report has so far */
  add(found: FoundEarly, position: number): void {
    this.#names.add(found.middleware.name)
    if (this.#accepted.has(found.middleware.name)) return
    const key = JSON.stringify([found.laterLimiter, reasonOf(found)])
    const group = this.#groups.get(key)
    if (group === undefined) this.#groups.set(key, { position, found: [found] })
    else group.found.push(found)
  }

  /** The entries with an entry for each group, where a request meets its first function. */
  insertInto(entries: readonly RouteEntry[]): readonly RouteEntry[] {
    const all = [...entries]
    for (const { position, found } of [...this.#groups.values()].reverse()) {
      const [first] = found
      if (first !== undefined) all.splice(position, 0, entryOf(found, first))
    }
    return all
  }
}

/** Why it is in doubt whether a limiter runs before it; undefined where none does. */
function reasonOf({ entry }: FoundEarly): string | undefined {
  return entry.inDoubt.length + entry.limiters.length > 0 ? entry.why : undefined
}

function entryOf(found: readonly FoundEarly[], first: FoundEarly): RouteEntry {
  const middleware = found.map((one) => one.middleware)
  const why = [whereItStands(middleware, first), whatFollows(middleware)].join(' ')
  const path =
    first.laterLimiter === undefined ? '(middleware)' : `(middleware before limiter '${first.laterLimiter}')`
  const { handler: _oneOfMany, ...entry } = first.entry
  return { ...entry, path, state: 'not-proven', why, middleware }
}

function whereItStands(middleware: readonly EarlyMiddleware[], first: FoundEarly): string {
  const names = namesOf(middleware)
  const reason = reasonOf(first)
  const count = `${middleware.length} middleware`
  if (reason !== undefined) return `${count} may run without a limiter: ${names}. ${reason}`
  if (first.laterLimiter === undefined) return `No limiter runs before ${count}: ${names}.`
  const stands = middleware.length === 1 ? 'stands' : 'stand'
  return `${count} ${stands} before limiter '${first.laterLimiter}': ${names}.`
}

/** The names in the order in which a request meets them: `logger (2 times), cors on /api/*`. */
function namesOf(middleware: readonly EarlyMiddleware[]): string {
  const counts = new Map<string, number>()
  for (const { name, path } of middleware) {
    const text = path === undefined ? name : `${name} on ${path}`
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  return [...counts].map(([text, count]) => (count === 1 ? text : `${text} (${count} times)`)).join(', ')
}

const BODY_PARSERS: readonly string[] = ['jsonParser', 'urlencodedParser', 'rawParser', 'textParser']

/** What it means that no limiter counts a request first, for all middleware and for some known functions. */
function whatFollows(middleware: readonly EarlyMiddleware[]): string {
  const names = middleware.map(({ name }) => name)
  const parsers = names.filter((name) => BODY_PARSERS.includes(name))
  return [
    'No limiter counts the requests that it answers itself.',
    parsers.length === 0
      ? ''
      : `It reads the bodies of requests that a limiter would refuse (${[...new Set(parsers)].join(', ')}).`,
    names.includes('corsMiddleware')
      ? 'corsMiddleware belongs before a limiter: without its headers a page cannot read a refusal.'
      : '',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ')
}
