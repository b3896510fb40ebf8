import { createServer, type IncomingMessage, ServerResponse } from 'node:http'
import supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import {
  DEFAULT_FORBIDDEN,
  DEFAULT_REFUSAL,
  DEFAULT_UNAVAILABLE,
  jsonBody,
  sendBody,
  textBody,
} from '../../src/response/body.ts'

describe('a body', () => {
  it('of a refusal is this JSON by default', () => {
    expect(DEFAULT_REFUSAL).toEqual({
      contentType: 'application/json',
      text: '{"error":"rate_limit_exceeded"}',
    })
  })

  it('of the 503 is this JSON by default', () => {
    expect(DEFAULT_UNAVAILABLE).toEqual({
      contentType: 'application/json',
      text: '{"error":"rate_limiter_unavailable"}',
    })
  })

  it('of the 403 is this JSON by default', () => {
    expect(DEFAULT_FORBIDDEN).toEqual({ contentType: 'application/json', text: '{"error":"forbidden"}' })
  })

  it('of an object is JSON', () => {
    expect(jsonBody({ error: 'slow_down', after: [1, null] })).toEqual({
      contentType: 'application/json',
      text: '{"error":"slow_down","after":[1,null]}',
    })
  })

  it('of text is plain text, even if it looks like HTML', () => {
    expect(textBody('<b>slow down</b>')).toEqual({
      contentType: 'text/plain; charset=utf-8',
      text: '<b>slow down</b>',
    })
  })
})

describe('a body that is sent', () => {
  it('has its type, its length in bytes, and no ETag', async () => {
    const server = createServer((_req, res) => sendBody(res, textBody('zu viel \u00fc')))
    const response = await supertest(server).get('/')
    expect(response.text).toBe('zu viel \u00fc')
    expect(response.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '10',
    })
    expect(response.headers).not.toHaveProperty('etag')
  })

  it('is left out of the response to HEAD, but its length is sent', async () => {
    const server = createServer((_req, res) => sendBody(res, jsonBody({ error: 'e' })))
    const response = await supertest(server).head('/')
    expect(response.text).toBeUndefined()
    expect(response.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '13' })
  })

  it('is sent without headers that describe another body', async () => {
    const described = {
      'Content-Encoding': 'gzip',
      'Content-Disposition': 'attachment; filename="report.csv"',
      'Content-Range': 'bytes 0-9/100',
      'Transfer-Encoding': 'chunked',
      // Node throws if a body has both a length and announced trailers.
      Trailer: 'X-Checksum',
      ETag: '"1"',
      'Last-Modified': 'Wed, 21 Oct 2015 07:28:00 GMT',
    }
    const server = createServer((_req, res) => {
      for (const [name, value] of Object.entries(described)) res.setHeader(name, value)
      res.setHeader('Content-Type', 'text/csv')
      res.setHeader('Content-Length', '10000')
      res.setHeader('X-Request-Id', '5')
      sendBody(res, jsonBody({ error: 'e' }))
    })
    const response = await supertest(server).get('/')
    expect(response.text).toBe('{"error":"e"}')
    expect(response.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '13',
      'x-request-id': '5',
    })
    for (const name of Object.keys(described)) expect(response.headers).not.toHaveProperty(name.toLowerCase())
  })

  it('is not sent after another response', async () => {
    const server = createServer((_req, res) => {
      res.end('first')
      sendBody(res, jsonBody({ error: 'second' }))
    })
    const response = await supertest(server).get('/')
    expect(response.text).toBe('first')
  })

  it('is sent by a response whose adapter gave it only parts of a request', () => {
    const res = new ServerResponse({ method: 'POST', httpVersionMajor: 1 } as IncomingMessage)
    sendBody(res, textBody('slow down'))
    expect([res.writableEnded, res.getHeader('Connection')]).toEqual([true, undefined])
  })
})
