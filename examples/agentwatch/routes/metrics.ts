import { Router } from 'express'
import { metrics } from 'express-tollgate/metrics'
import { Registry } from 'prom-client'
import type { Watch } from '../domain/watch.ts'
import { operatorOnly } from '../http/access.ts'
import type { RequestCounts } from '../http/request-counts.ts'
import type { Limiters } from '../limiters.ts'

/** The sources of the metrics. */
export interface MetricsSource {
  readonly watch: Watch
  readonly requests: RequestCounts
  readonly limiters: Pick<Limiters, 'all'>
  readonly streamClients: () => number
}

/**
 * The metrics of the server and of its limiters, for Prometheus. No label has an address or a text of a
 * caller.
 */
export function metricsRoutes(source: MetricsSource): Router {
  const registry = new Registry()
  metrics(source.limiters.all, { registry })
  const router = Router()
  router.get('/', operatorOnly, async (_req, res) => {
    res.type(registry.contentType).send(metricsText(source) + (await registry.metrics()))
  })
  return router
}

function metricsText({ watch, requests, streamClients }: MetricsSource): string {
  const { sessions, safety, tenants, totals } = watch
  return [
    family(
      'http_requests_total',
      'counter',
      'Answered requests by class of status.',
      'class',
      requests.byClass,
    ),
    single('http_refused_total', 'counter', 'Requests answered with 429.', requests.refused),
    single(
      'http_aborted_total',
      'counter',
      'Requests whose client closed the connection before the end of the answer.',
      requests.aborted,
    ),
    family('events_total', 'counter', 'Added events by type.', 'type', totals.events),
    single('sessions_total', 'counter', 'Started sessions.', totals.sessions),
    single('blocked_events_total', 'counter', 'Events that the safety policy blocked.', safety.blockedCount),
    family(
      'violations_total',
      'counter',
      'Violations of the safety policy by rule.',
      'rule',
      safety.violations,
    ),
    single('sessions', 'gauge', 'Stored sessions.', sessions.size),
    single('events', 'gauge', 'Stored events.', sessions.eventCount),
    single('tenants', 'gauge', 'Stored tenants.', tenants.list().length),
    single('stream_clients', 'gauge', 'Connected WebSocket clients.', streamClients()),
    single('uptime_seconds', 'gauge', 'Time since the start.', (watch.now() - watch.startedMs) / 1000),
  ].join('')
}

type MetricType = 'counter' | 'gauge'

function single(name: string, type: MetricType, help: string, value: number): string {
  return `${heading(name, type, help)}agentwatch_${name} ${value}\n`
}

function family(
  name: string,
  type: MetricType,
  help: string,
  label: string,
  values: Readonly<Record<string, number>>,
): string {
  const lines = Object.entries(values).map(
    ([key, value]) => `agentwatch_${name}{${label}="${key}"} ${value}\n`,
  )
  return heading(name, type, help) + lines.join('')
}

function heading(name: string, type: MetricType, help: string): string {
  return `# HELP agentwatch_${name} ${help}\n# TYPE agentwatch_${name} ${type}\n`
}
