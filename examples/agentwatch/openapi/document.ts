import type { RouteEntry, RouteReport } from 'express-tollgate/audit'
import { openApiComponents, openApiHeaders, openApiResponses } from 'express-tollgate/openapi'
import { OPERATIONS } from './operations.ts'

/** An OpenAPI document, as JSON. */
export type OpenApiDocument = Readonly<Record<string, unknown>>

/** Paths that need no key. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/health', '/openapi.json'])

/**
 * The OpenAPI 3.1 document of the routes that the audit found, with the limits of each. So the document has
 * every route, and its limits are those of the limiters.
 */
export function openApiDocument(report: RouteReport): OpenApiDocument {
  const routes = report.routes.filter(({ kind }) => kind === 'route')
  const limits = openApiComponents(routes.flatMap(({ limiters }) => limiters))
  return {
    openapi: '3.1.0',
    info: { title: 'agentwatch', version: '1', description: 'Watches AI agents at work.' },
    security: [{ bearer: [] }, { apiKey: [] }],
    paths: pathsOf(routes),
    components: {
      ...limits,
      schemas: { ...limits.schemas, Problem: PROBLEM },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
    },
  }
}

const PROBLEM = {
  type: 'object',
  required: ['error', 'message'],
  properties: {
    error: { type: 'string', description: 'A code of the problem, for programs.' },
    message: { type: 'string' },
    remedy: { type: 'string', description: 'How to solve the problem.' },
    field: { type: 'string', description: 'The field of the request that is wrong.' },
    value: { description: 'The value of the field.' },
  },
}

function pathsOf(routes: readonly RouteEntry[]): Record<string, Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return paths
}

function operationOf({ method, path, limiters }: RouteEntry): Record<string, unknown> {
  const { summary, status } = OPERATIONS[`${method} ${path}`] ?? { summary: `${method} ${path}`, status: 200 }
  const requestClass = method === 'GET' ? 'read' : 'write'
  const headers = openApiHeaders(limiters, requestClass)
  const problem = { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } }
  return {
    summary,
    ...(OPEN_PATHS.has(path) ? { security: [] } : {}),
    parameters: [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    responses: {
      [status]: { description: 'The request succeeded.', headers },
      ...openApiResponses(limiters, requestClass),
      default: { description: 'The request failed. The body has the reason.', headers, content: problem },
    },
  }
}
