import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Express, Request, RequestHandler, Response, Router } from 'express'
import type { ExpressVersion } from './express-versions.ts'
import { type MarkedRequest, markedLimiter } from './marked-limiter.ts'
import { type Part, type Paths, READABLE_OLD } from './random-parts.ts'

/** Something that could have answered a request: an endpoint by its number, or what answers for none. */
export interface Visit {
  readonly at: number | 'end' | 'answered on the way'
  /** The limiters it had met by then. */
  readonly met: readonly string[]
}

/** A random app that runs, and the endpoints that its report has to list, in order. */
export class RandomApp {
  readonly app: Express
  /** The number of the endpoint that each line of the report stands for. */
  readonly lines: number[] = []
  readonly #version: ExpressVersion
  #next = 0
  #numbers = new Map<Part, number>()
  #visit: (at: Visit['at'] | 'error', req: MarkedRequest) => void = () => undefined
  #stop: () => void = () => undefined
  #whim = 0

  constructor(version: ExpressVersion, parts: readonly Part[]) {
    this.#version = version
    this.app = version.express()
    this.#fill(this.app, parts)
    this.#list(parts)
  }

  /**
   * Sends one request; `whim` decides which middleware fails, leaves its router, or answers. Handlers of
   * routes are visited and then hand the request on, so that one request sees many.
   */
  send(method: string, url: string, whim: number): Promise<readonly Visit[]> {
    const req: MarkedRequest = Object.assign(new IncomingMessage(new Socket()), { method, url })
    const res = new ServerResponse(req)
    this.#whim = whim
    return new Promise((resolve) => {
      const visits: Visit[] = []
      this.#visit = (at, { met = [] }) => {
        if (at !== 'error') visits.push({ at, met })
      }
      const finish = (at: Visit['at'] | 'error'): void => {
        this.#visit(at, req)
        resolve(visits)
      }
      this.#stop = () => resolve(visits)
      res.end = (() => {
        finish('answered on the way')
        return res
      }) as typeof res.end
      const handle = this.app as unknown as { handle(...args: unknown[]): void }
      handle.handle(req, res, (error?: unknown) =>
        finish(error === undefined || error === null ? 'end' : 'error'),
      )
    })
  }

  /** One of three, by chance but the same for a place and a request. */
  #chance(place: number): number {
    return (Math.imul(this.#whim + 1, 0x9e3779b1 ^ (place * 0x85ebca6b)) >>> 13) % 3
  }

  #fill(router: Router | Express, parts: readonly Part[]): void {
    for (const part of parts) {
      const number = this.#next++
      this.#numbers.set(part, number)
      if (part.is === 'route') this.#addRoute(router, part, number)
      else if (part.paths === undefined) router.use(this.#handleFor(part, number))
      else (router as Router).use(part.paths as string, this.#handleFor(part, number))
    }
  }

  #handleFor(part: Exclude<Part, { is: 'route' }>, number: number): RequestHandler {
    if (part.is === 'limiter') return limiterHandle(part.readsOnly)
    if (part.is === 'router') {
      const router = this.#version.express.Router({ caseSensitive: part.sensitive, strict: part.strict })
      if (part.callback) {
        router.param('x', (_req, res, next) => {
          const chance = this.#chance(number)
          if (chance === 0) res.end()
          else next(chance === 1 ? undefined : 'route')
        })
      }
      this.#fill(router, part.parts)
      return router
    }
    return this.#plainHandle(part.is, part.paths, number)
  }

  #plainHandle(is: Part['is'], paths: Paths, number: number): RequestHandler {
    if (is === 'recovery') {
      const recover = (
        error: unknown,
        _req: Request,
        _res: Response,
        next: (error?: unknown) => void,
      ): void => next(this.#chance(number) === 0 ? error : undefined)
      return recover as unknown as RequestHandler
    }
    if (is === 'rewriter') {
      return (req, _res, next) => {
        if (this.#chance(number) === 0) req.url = '/a'
        next()
      }
    }
    if (is === 'endpoint') return (req: Request, _res?: unknown) => this.#answer(number, req)
    if (is === 'sub-app') {
      const app = this.#version.express()
      app.get('/a', (req) => this.#answer(number, req))
      return app as unknown as RequestHandler
    }
    return (req, _res, next) => {
      const chance = this.#chance(number)
      if (chance === 0 && paths !== undefined && paths !== '/' && paths !== '*') this.#answer(number, req)
      else
        next(
          chance === 1 ? undefined : this.#chance(number + 7) === 0 ? 'router' : new Error('as it pleases'),
        )
    }
  }

  #answer(number: number, req: Request): void {
    this.#visit(number, req as MarkedRequest)
    this.#stop()
  }

  #addRoute(router: Router | Express, part: Extract<Part, { is: 'route' }>, number: number): void {
    const handlers = part.handlers.map((handler, index): RequestHandler => {
      if (handler !== 'pass') return limiterHandle(handler === 'reads only')
      return (req, _res, next) => {
        const chance = this.#chance(number * 31 + index)
        if (chance === 0) this.#answer(number, req)
        else next(chance === 1 ? undefined : 'route')
      }
    })
    const end: RequestHandler = (req, _res, next) => {
      this.#visit(number, req as MarkedRequest)
      next()
    }
    const last = part.ends ? [end] : []
    if (handlers.length + last.length > 0)
      (router as Router)[part.verb](part.paths as string, [...handlers, ...last])
  }

  #list(parts: readonly Part[]): void {
    for (const part of parts) {
      const times = part.is === 'route' ? [part.paths].flat().length : this.#mounts(part.paths)
      for (let time = 0; time < times; time++) {
        if (part.is === 'router') this.#list(part.parts)
        else if (isListed(part)) this.lines.push(this.#numbers.get(part) ?? -1)
      }
    }
  }

  /** How many lines a mount makes: some versions forget how many paths an array had. */
  #mounts(paths: Paths): number {
    if (typeof paths !== 'object' || paths instanceof RegExp) return 1
    const isReadable = this.#version.major === 5 || paths.every((path) => READABLE_OLD.includes(path))
    return this.#version.keepsMounts && isReadable ? paths.length : 1
  }
}

function isListed(part: Part): boolean {
  if (part.is === 'route') return part.ends || part.handlers.includes('pass')
  if (part.is === 'endpoint' || part.is === 'sub-app') return true
  const isPathless = part.paths === undefined || part.paths === '/' || part.paths === '*'
  return (part.is === 'middleware' || part.is === 'rewriter') && !isPathless
}

function limiterHandle(readsOnly: boolean): RequestHandler {
  return markedLimiter(readsOnly ? { name: 'reads only', write: false } : {}) as unknown as RequestHandler
}
