import { Validator } from '@seriousme/openapi-schema-validator'
import { auditRoutes } from 'express-tollgate/audit'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { PLANS } from '../../../../examples/agentwatch/domain/plans.ts'
import { OPERATIONS } from '../../../../examples/agentwatch/openapi/operations.ts'
import { API_KEY, startAgentwatch } from '../running-agentwatch.ts'
import { addTenant } from '../tenant-clients.ts'
import { matches, resolved } from './schema-match.ts'

interface Operation {
  readonly summary: string
  readonly security?: readonly unknown[]
  readonly responses: Readonly<Record<string, { readonly headers: object; readonly content: object }>>
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const documentAt = async (url: string): Promise<Document> =>
  (await request(url).get('/openapi.json').expect(200)).body

const isValid = async (document: object): Promise<boolean> =>
  (await new Validator().validate(structuredClone(document) as Record<string, unknown>)).valid

/** The response of an operation in the document, for a status. */
function documentedResponse(
  document: Document,
  operation: Operation | undefined,
  status: number,
): DocumentedResponse {
  return resolved(document, operation?.responses[status] ?? {}) as DocumentedResponse
}

/** Checks a refusal against the document. */
function expectDocumented(
  document: Document,
  operation: Operation | undefined,
  refused: request.Response,
): void {
  const { headers, content } = documentedResponse(document, operation, 429)
  expect(Object.keys(headers)).toContain('Retry-After')
  for (const [name, header] of Object.entries(headers)) {
    const { schema } = resolved(document, header) as { schema: { type?: string } }
    const text: unknown = refused.headers[name.toLowerCase()]
    const value = schema.type === 'string' ? text : Number(text)
    expect(matches(document, schema, value), `${name}: ${text}`).toBe(true)
  }
  const schema = content[refused.type]?.schema ?? {}
  expect(matches(document, schema, refused.body)).toBe(true)
  expect(matches(document, schema, { error: 'something_else' })).toBe(false)
}

interface DocumentedResponse {
  readonly description: string
  readonly headers: Readonly<Record<string, { readonly required?: boolean }>>
  readonly content: Readonly<Record<string, { readonly schema: object }>>
}

describe('the document of the routes', () => {
  it('is valid OpenAPI 3.1, and needs no key', async () => {
    const { url } = await startAgentwatch({ env: { AGENTWATCH_API_KEY: API_KEY } })
    const document = await documentAt(url)
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'agentwatch' } })
    expect(await isValid(document)).toBe(true)
    // The validator rejects a document with an incomplete parameter.
    const broken = structuredClone(document) as unknown as { paths: Record<string, unknown> }
    broken.paths['/broken'] = { get: { parameters: [{ name: 'id' }], responses: {} } }
    expect(await isValid(broken)).toBe(false)
  })

  it('has every route of the audit with a unique summary, and no other route', async () => {
    const { url, app } = await startAgentwatch()
    const routes = auditRoutes(app)
      .routes.filter(({ kind }) => kind === 'route')
      .map(({ method, path }) => `${method} ${path}`)
    expect(Object.keys(OPERATIONS).sort()).toEqual([...routes].sort())
    const { paths } = await documentAt(url)
    const documentedRoutes = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map(
        (method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      ),
    )
    expect(documentedRoutes.sort()).toEqual([...routes].sort())
    const summaries = Object.values(OPERATIONS).map(({ summary }) => summary)
    expect(new Set(summaries).size).toBe(summaries.length)
  })

  it('has the refusal and the limit headers at every operation', async () => {
    const { url } = await startAgentwatch({ env: { API_RATE_LIMIT_READ: '77', API_RATE_LIMIT_WRITE: '33' } })
    const { paths } = await documentAt(url)
    const operations = Object.values(paths).flatMap((path) => Object.values(path))
    expect(operations.length).toBeGreaterThan(40)
    for (const { responses } of operations) {
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['429', 'default']))
      for (const [status, { headers }] of Object.entries(responses)) {
        if (status === '429') continue
        expect(Object.keys(headers)).toEqual(
          expect.arrayContaining(['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset']),
        )
      }
    }
    expect(paths['/health']?.get?.responses[429]).toEqual({
      $ref: '#/components/responses/RateLimitExceeded',
    })
    expect(paths['/api/v1/demo/seed']?.post?.responses[429]).toMatchObject({
      description: expect.stringMatching(
        /Writes: 33 requests in 60 seconds\..*Writes: 5 requests in 60 seconds\./,
      ),
    })
  })

  it.each([
    { method: 'get', path: '/health', env: { API_RATE_LIMIT_READ: '2' }, allowed: 1 },
    { method: 'post', path: '/api/v1/demo/seed', env: {}, allowed: 5 },
    { method: 'post', path: '/api/v1/demo/seed', env: { API_RATE_LIMIT_WRITE: '1' }, allowed: 1 },
  ] as const)(
    'describes the refusal of $method $path above the limit, with the environment $env',
    async (one) => {
      const { method, path, env, allowed } = one
      const { url } = await startAgentwatch({ env })
      const document = await documentAt(url)
      const operation = document.paths[path]?.[method]
      for (let count = 0; count < allowed; count++) {
        const { status, headers } = await request(url)[method](path)
        expect(status).toBeLessThan(300)
        for (const name of Object.keys(documentedResponse(document, operation, status).headers)) {
          expect(headers).toHaveProperty(name.toLowerCase())
        }
      }
      const refused = await request(url)[method](path).expect(429)
      expectDocumented(document, operation, refused)
    },
  )

  it('describes the refusal of events above the budget of a tenant', async () => {
    const { url } = await startAgentwatch({ env: { AGENTWATCH_API_KEY: API_KEY } })
    const document = await documentAt(url)
    const operation = document.paths['/api/v1/events']?.post
    const limits = documentedResponse(document, operation, 429).description
    expect(limits).toContain('Plan "free": Writes: 100000 tokens')
    expect(limits).toContain('Plan "team": All requests: 10 requests at once.')
    const { report } = await addTenant(url, 'Acme')
    const stored = await report({ inputTokens: PLANS.free.tokens }).expect(201)
    for (const name of Object.keys(documentedResponse(document, operation, 201).headers)) {
      expect(stored.headers).toHaveProperty(name.toLowerCase())
    }
    const refused = await report().expect(429)
    expect(refused.body.error).toBe('token_budget_exceeded')
    expectDocumented(document, operation, refused)
    // Reads are not charged to the budget.
    const read = documentedResponse(document, document.paths['/api/v1/events']?.get, 429).description
    expect(read).not.toContain('100000')
  })
})
