import express, { type Request, type RequestHandler, type Response, type Router } from 'express'
import { LIMITER_DESCRIPTION } from '../../limits/limiter-description.ts'
import { isFromThisMachine } from './access.ts'
import type { WatchedLimiter } from './dashboard-options.ts'
import { type DashboardOptions, parseLimiters, parseOptions } from './dashboard-options.ts'
import { EventStreams } from './event-streams.ts'
import { watchEvents } from './event-subscription.ts'
import { LimiterWatch } from './limiter-watch.ts'
import { masker, showWhole } from './masking.ts'
import { FILES } from './page/files.ts'
import { protect, sendError, sendText } from './responses.ts'
import { RouteTables } from './route-table.ts'
import type { Snapshot } from './snapshot.ts'
import { SteadyClock } from './steady-clock.ts'

/** A router with the page. */
export type Dashboard = Router & {
  /** Ends the streams of open pages and stops listening to the limiters. What is mounted answers 503 to new streams. */
  close(): void
}

interface Content {
  readonly streams: EventStreams
  readonly tables: RouteTables
}

/**
 * A page that shows what limiters do at the moment: `app.use('/limits', dashboard(limiter))`.
 *
 * It listens to the limiters from now on, in memory that does not grow with their clients, until `close()`. Who may
 * look is the business of `authorize`; without it, whoever asks from this machine.
 *
 * @throws RateLimiterError `invalid_option` for anything but limiters or a value that an option does not take,
 *   `unknown_option` for an option that does not exist
 */
export function dashboard(
  limiters: WatchedLimiter | readonly WatchedLimiter[],
  options: DashboardOptions = {},
): Dashboard {
  const watched = parseLimiters(limiters)
  const { authorize = isFromThisMachine, showAddresses, clock } = parseOptions(options)
  const { now } = new SteadyClock(clock)
  const watches = new Map(watched.map((one) => [one[LIMITER_DESCRIPTION], new LimiterWatch(one, now)]))
  const show = showAddresses ? showWhole : masker()
  const snapshot = (): Snapshot => ({ limiters: [...watches.values()].map((watch) => watch.state(show)) })
  const streams = new EventStreams(() => JSON.stringify(snapshot()))
  const content = { streams, tables: new RouteTables(now) }
  const stopWatching = watchEvents(watches)
  const router = express.Router()
  // One function for everything: it stands in the audit as one line, and no path of it can be forgotten by the rule.
  router.use(limitsPage(authorize, content))
  const close = (): void => {
    stopWatching()
    streams.close()
  }
  return Object.assign(router, { close })
}

function limitsPage(
  authorize: (req: Request) => boolean | Promise<boolean>,
  content: Content,
): RequestHandler {
  const isAllowed = async (req: Request): Promise<boolean> => (await authorize(req)) === true
  return function limitsPage(req, res, next) {
    isAllowed(req)
      .then((allowed) => serve(req, res, allowed ? content : undefined))
      .catch(next)
  }
}

/** @param content undefined for whoever may not look */
function serve(req: Request, res: Response, content: Content | undefined): void {
  protect(res)
  const file = FILES.get(req.path)
  if (content === undefined) {
    sendError(res, 403, 'forbidden')
  } else if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.setHeader('Allow', 'GET, HEAD')
    sendError(res, 405, 'method_not_allowed')
  } else if (req.path === '/events') {
    serveEvents(req, res, content.streams)
  } else if (req.path === '/routes') {
    sendText(res, 'application/json', JSON.stringify(content.tables.of(req.app)))
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
 * The page with a slash at the end of its address, since its own links are relative to that. Relative too, because a
 * proxy may have taken off the beginning of the path, and so never to another host.
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
