import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Express, Request, RequestHandler, Response, Router } from 'express'
import type { ExpressVersion } from './express-versions.ts'
import { type MarkedRequest, markedLimiter } from './marked-limiter.ts'
import { type Part, type Paths, READABLE_EXPRESS_4_PATHS } from './random-parts.ts'

/** A place where a request could have got its answer. */
export interface Visit {
  /** The number of an endpoint, or what could answer in place of every endpoint. */
  readonly place: number | '404' | 'middleware'
  /** The names of the limiters that had run for the request by then. */
  readonly limiterNames: readonly string[]
}

/** A random app that can run, and the endpoints that its report must list, in order. */
export class RandomApp {
  readonly app: Express
  /** For each line of the report, the number of its endpoint. */
  readonly endpointNumbers: number[] = []
  readonly #version: ExpressVersion
  #nextNumber = 0
  #numbers = new Map<Part, number>()
  #visit: (place: Visit['place'] | 'error', req: MarkedRequest) => void = () => undefined
  #stop: () => void = () => undefined
  #seed = 0

  constructor(version: ExpressVersion, parts: readonly Part[]) {
    this.#version = version
    this.app = version.express()
    this.#fill(this.app, parts)
    this.#numberLines(parts)
  }

  /**
   * Sends one request. `seed` decides which middleware fails, leaves its router, or answers. The last
   * handlers of routes do not answer: they record a visit and pass the request on, so that one request visits
   * many.
   */
  send(method: string, url: string, seed: number): Promise<readonly Visit[]> {
    const req: MarkedRequest = Object.assign(new IncomingMessage(new Socket()), { method, url })
    const res = new ServerResponse(req)
    this.#seed = seed
    return new Promise((resolve) => {
      const visits: Visit[] = []
      this.#visit = (place, { limiterNames = [] }) => {
        if (place !== 'error') visits.push({ place, limiterNames })
      }
      const finish = (place: Visit['place'] | 'error'): void => {
        this.#visit(place, req)
        resolve(visits)
      }
      this.#stop = () => resolve(visits)
      res.end = (() => {
        finish('middleware')
        return res
      }) as typeof res.end
      const handle = this.app as unknown as { handle(...args: unknown[]): void }
      handle.handle(req, res, (error?: unknown) =>
        finish(error === undefined || error === null ? '404' : 'error'),
      )
    })
  }

  /** 0, 1 or 2: random, but always the same for one number and one request. */
  #choice(number: number): number {
    return (Math.imul(this.#seed + 1, 0x9e3779b1 ^ (number * 0x85ebca6b)) >>> 13) % 3
  }

  #fill(router: Router | Express, parts: readonly Part[]): void {
    for (const part of parts) {
      const number = this.#nextNumber++
      this.#numbers.set(part, number)
      if (part.kind === 'route') this.#addRoute(router, part, number)
      else if (part.paths === undefined) router.use(this.#functionFor(part, number))
      else (router as Router).use(part.paths as string, this.#functionFor(part, number))
    }
  }

  #functionFor(part: Exclude<Part, { kind: 'route' }>, number: number): RequestHandler {
    if (part.kind === 'limiter') return limiterFor(part.readsOnly)
    if (part.kind === 'router') {
      const router = this.#version.express.Router({ caseSensitive: part.caseSensitive, strict: part.strict })
      if (part.hasParamCallback) {
        router.param('x', (_req, res, next) => {
          const choice = this.#choice(number)
          if (choice === 0) res.end()
          else next(choice === 1 ? undefined : 'route')
        })
      }
      this.#fill(router, part.parts)
      return router
    }
    return this.#middlewareFor(part.kind, part.paths, number)
  }

  #middlewareFor(kind: Part['kind'], paths: Paths, number: number): RequestHandler {
    if (kind === 'error-handler' && number % 2 === 0) {
      const passError = (
        error: unknown,
        _req: Request,
        _res: Response,
        next: (error: unknown) => void,
      ): void => next(error)
      return passError as unknown as RequestHandler
    }
    if (kind === 'error-handler') {
      const handleError = (
        error: unknown,
        _req: Request,
        _res: Response,
        next: (error?: unknown) => void,
      ): void => next(this.#choice(number) === 0 ? error : undefined)
      return handleError as unknown as RequestHandler
    }
    if (kind === 'rewriter') {
      return (req, _res, next) => {
        if (this.#choice(number) === 0) req.url = '/a'
        next()
      }
    }
    if (kind === 'endpoint') return (req: Request, _res?: unknown) => this.#answer(number, req)
    if (kind === 'sub-app') {
      const app = this.#version.express()
      app.get('/a', (req) => this.#answer(number, req))
      return app as unknown as RequestHandler
    }
    return (req, _res, next) => {
      const choice = this.#choice(number)
      if (choice === 0 && paths !== undefined && paths !== '/' && paths !== '*') this.#answer(number, req)
      else
        next(
          choice === 1 ? undefined : this.#choice(number + 7) === 0 ? 'router' : new Error('random failure'),
        )
    }
  }

  #answer(number: number, req: Request): void {
    this.#visit(number, req as MarkedRequest)
    this.#stop()
  }

  #addRoute(router: Router | Express, part: Extract<Part, { kind: 'route' }>, number: number): void {
    const handlers = part.handlers.map((handler, index): RequestHandler => {
      if (handler !== 'pass') return limiterFor(handler === 'reads only')
      return (req, _res, next) => {
        const choice = this.#choice(number * 31 + index)
        if (choice === 0) this.#answer(number, req)
        else next(choice === 1 ? undefined : 'route')
      }
    })
    const recordVisit: RequestHandler = (req, _res, next) => {
      this.#visit(number, req as MarkedRequest)
      next()
    }
    const last = part.hasAnswer ? [recordVisit] : []
    if (handlers.length + last.length > 0)
      (router as Router)[part.verb](part.paths as string, [...handlers, ...last])
  }

  #numberLines(parts: readonly Part[]): void {
    for (const part of parts) {
      const lineCount =
        part.kind === 'route' ? [part.paths].flat().length : this.#lineCountOfMount(part.paths)
      for (let line = 0; line < lineCount; line++) {
        if (part.kind === 'router') this.#numberLines(part.parts)
        else if (isListed(part)) this.endpointNumbers.push(this.#numbers.get(part) ?? -1)
      }
    }
  }

  /**
   * How many lines the report has for a mount: some versions of Express do not keep the paths of an array.
   */
  #lineCountOfMount(paths: Paths): number {
    if (typeof paths !== 'object' || paths instanceof RegExp) return 1
    const isReadable =
      this.#version.major === 5 || paths.every((path) => READABLE_EXPRESS_4_PATHS.includes(path))
    return this.#version.keepsMounts && isReadable ? paths.length : 1
  }
}

function isListed(part: Part): boolean {
  if (part.kind === 'route') return part.hasAnswer || part.handlers.includes('pass')
  if (part.kind === 'endpoint' || part.kind === 'sub-app') return true
  const isPathless = part.paths === undefined || part.paths === '/' || part.paths === '*'
  return (part.kind === 'middleware' || part.kind === 'rewriter') && !isPathless
}

function limiterFor(readsOnly: boolean): RequestHandler {
  return markedLimiter(readsOnly ? { name: 'reads only', write: false } : {}) as unknown as RequestHandler
}
