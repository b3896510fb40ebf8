import express, { type Request, type RequestHandler, type Response, type Router } from 'express'
import { givenLimiters } from '../../limiter/given-limiters.ts'
import { LIMITER_DESCRIPTION } from '../../limits/limiter-description.ts'
import { reasonToDeny, reasonToDenyFigures } from './access.ts'
import { createMaskingFormatter, formatInFull } from './client-formatter.ts'
import { mayBeCrossSite } from './cross-site.ts'
import type { WatchedLimiter } from './dashboard-options.ts'
import { type DashboardOptions, type DashboardSettings, parseOptions } from './dashboard-options.ts'
import { EventStreams } from './event-streams.ts'
import { subscribeToEvents } from './event-subscription.ts'
import { LimiterWatch } from './limiter-watch.ts'
import { PAGE_FILES } from './page-files.ts'
import { sendError, sendText, setSecurityHeaders } from './responses.ts'
import { RouteTableCache } from './route-table.ts'
import type { Snapshot } from './snapshot.ts'
import { SteadyClock } from './steady-clock.ts'

/** A router with the page. */
export type Dashboard = Router & {
  /**
   * Ends the streams of open pages and stops listening to the limiters. New streams are answered with 503
   * then.
   */
  close(): void
}

interface Content {
  readonly streams: EventStreams
  readonly tables: RouteTableCache
}

/**
 * A page that shows what limiters do at the moment: `app.use('/limits', dashboard(limiter))`.
 *
 * It listens to the limiters from this call until `close()`. Its memory does not grow with the number of
 * clients. `authorize` decides who may see the page. Without it, only a browser on this machine may, and only where
 * that is certain; a request that is refused is answered with 403 and the reason.
 *
 * @throws RateLimiterError `invalid_option` for an argument that is not a limiter and for a value that an option
 *   does not take, `unknown_option` for an option that does not exist
 */
export function dashboard(
  limiters: WatchedLimiter | readonly WatchedLimiter[],
  options: DashboardOptions = {},
): Dashboard {
  const watched = givenLimiters(limiters)
  const { authorize, showAddresses, clock } = parseOptions(options)
  const { now } = new SteadyClock(clock)
  const watches = new Map(watched.map((one) => [one[LIMITER_DESCRIPTION], new LimiterWatch(one, now)]))
  const format = showAddresses ? formatInFull : createMaskingFormatter()
  const snapshot = (): Snapshot => {
    const nowMs = now()
    const states = [...watches.values()].map((watch) => watch.state(format, nowMs))
    return { second: Math.floor(nowMs / 1000), limiters: states }
  }
  const streams = new EventStreams(() => JSON.stringify(snapshot()))
  const content = { streams, tables: new RouteTableCache(now) }
  const unsubscribe = subscribeToEvents(watches)
  const router = express.Router()
  // One handler serves all paths, so that no path is without the access rule. In the audit it is one line.
  router.use(limitsPage(authorize, content))
  const close = (): void => {
    unsubscribe()
    streams.close()
  }
  return Object.assign(router, { close })
}

/** The paths that answer with figures. All others answer with files that are the same for everybody. */
const FIGURES = new Set(['/events', '/routes'])

function limitsPage(authorize: DashboardSettings['authorize'], content: Content): RequestHandler {
  const denialOf = async (req: Request): Promise<Denial | undefined> => {
    const denial = authorize === undefined ? denialByDefault(req) : await denialBy(authorize, req)
    if (denial !== undefined || !FIGURES.has(req.path) || !mayBeCrossSite(req.headers)) return denial
    return { message: 'Only the live page itself may ask for this. Open the live page in the browser.' }
  }
  return function limitsPage(req, res, next) {
    denialOf(req)
      .then((denial) => serve(req, res, denial ?? content))
      .catch(next)
  }
}

/** Why a request may not see the page. */
interface Denial {
  /** What the visitor is shown; undefined if `authorize` has decided. */
  readonly message: string | undefined
}

async function denialBy(
  authorize: (req: Request) => boolean | Promise<boolean>,
  req: Request,
): Promise<Denial | undefined> {
  return (await authorize(req)) === true ? undefined : { message: undefined }
}

function denialByDefault(req: Request): Denial | undefined {
  const reason = reasonToDeny(req) ?? (FIGURES.has(req.path) ? reasonToDenyFigures(req) : undefined)
  if (reason === undefined) return undefined
  const rule = 'Without the option authorize, the live page is served only to a browser on this machine'
  const remedy = 'Decide who may see the page: dashboard(limiter, { authorize: (req) => isOperator(req) }).'
  return { message: `${rule}, and this request may come from elsewhere: ${reason}. ${remedy}` }
}

function serve(req: Request, res: Response, content: Content | Denial): void {
  setSecurityHeaders(res)
  const file = PAGE_FILES.get(req.path)
  if ('message' in content) {
    sendError(res, 403, 'forbidden', content.message)
  } else if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.setHeader('Allow', 'GET, HEAD')
    sendError(res, 405, 'method_not_allowed')
  } else if (req.path === '/events') {
    serveEvents(req, res, content.streams)
  } else if (req.path === '/routes') {
    sendText(res, 'application/json', JSON.stringify(content.tables.tableOf(req.app)))
  } else if (file === undefined) {
    sendError(res, 404, 'not_found')
  } else if (req.path === '/' && !pathOf(req.originalUrl).endsWith('/')) {
    res.statusCode = 302
    res.setHeader('Location', withSlash(req.originalUrl))
    res.end()
  } else {
    sendText(res, file.contentType, file.text)
  }
}

const pathOf = (url: string): string => url.split('?', 1)[0] ?? ''

/**
 * The address of the page with a slash at its end, because the page's links are relative to it. The result is
 * relative too: a proxy may have removed the beginning of the path, and a relative address never leads to
 * another host.
 */
function withSlash(url: string): string {
  const path = pathOf(url)
  return `./${path.slice(path.lastIndexOf('/') + 1)}/${url.slice(path.length)}`
}

function serveEvents(req: Request, res: Response, streams: EventStreams): void {
  if (!streams.hasRoom) {
    res.setHeader('Retry-After', '5')
    sendError(res, 503, 'too_many_streams')
  } else if (req.method === 'HEAD') {
    sendText(res, 'text/event-stream', '')
  } else {
    streams.open(res)
  }
}
