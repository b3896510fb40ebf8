import { createServer, IncomingMessage, type OutgoingHttpHeader, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import { jsonBody, textBody } from '../../src/response/body.ts'
import {
  isOpen,
  rememberHead,
  sendBody,
  writeForbiddenHead,
  writeRefusalHead,
} from '../../src/response/send.ts'

const newResponse = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()))

describe('the head of a refusal', () => {
  it('has the status, Retry-After, and is kept by no cache', () => {
    const res = newResponse()
    res.setHeader('Cache-Control', 'public, max-age=3600')
    writeRefusalHead(res, 429, 18)
    expect(res.statusCode).toBe(429)
    expect({ ...res.getHeaders() }).toEqual({ 'retry-after': '18', 'cache-control': 'no-store' })
  })

  it.each<[string, OutgoingHttpHeader, string]>([
    ['keeps a later one', '60', '60'],
    ['keeps a later one that is a number', 60, '60'],
    ['replaces an earlier one', '5', '18'],
    ['leaves the same one', '18', '18'],
    // A date would have to be compared on the client's clock.
    ['replaces a date', 'Wed, 21 Oct 2015 07:28:00 GMT', '18'],
    ['replaces what is no number', 'soon', '18'],
    ['replaces an empty one', '', '18'],
    ['replaces a negative one', '-60', '18'],
    ['replaces a fraction', '60.5', '18'],
    ['replaces what never ends', 'Infinity', '18'],
  ])('%s', (_what, present, sent) => {
    const res = newResponse()
    res.setHeader('Retry-After', present)
    writeRefusalHead(res, 429, 18)
    expect(res.getHeader('Retry-After')).toBe(sent)
  })
})

describe('the head of an answer that no wait would change', () => {
  it('has the status, no Retry-After, and is kept by no cache', () => {
    const res = newResponse()
    res.setHeader('Cache-Control', 'public, max-age=3600')
    writeForbiddenHead(res, 403)
    expect(res.statusCode).toBe(403)
    expect({ ...res.getHeaders() }).toEqual({ 'cache-control': 'no-store' })
  })
})

describe('a head that is remembered', () => {
  it('is put back: what was there before, and nothing that was not', () => {
    const res = newResponse()
    res.statusCode = 201
    res.setHeader('Cache-Control', 'private')
    const restore = rememberHead(res)
    writeRefusalHead(res, 429, 18)
    res.setHeader('X-Other', 'later')
    restore()
    expect(res.statusCode).toBe(201)
    expect({ ...res.getHeaders() }).toEqual({ 'cache-control': 'private', 'x-other': 'later' })
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

  it('is left out of the answer to HEAD, its length is not', async () => {
    const server = createServer((_req, res) => sendBody(res, jsonBody({ error: 'e' })))
    const response = await supertest(server).head('/')
    expect(response.text).toBeUndefined()
    expect(response.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '13' })
  })

  it('is not described by what others have said of theirs', async () => {
    const described = {
      'Content-Encoding': 'gzip',
      'Content-Disposition': 'attachment; filename="report.csv"',
      'Content-Range': 'bytes 0-9/100',
      'Transfer-Encoding': 'chunked',
      // Node throws at a body with a length where trailers are announced.
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

  it('is not sent behind an answer that is out already', async () => {
    const server = createServer((_req, res) => {
      res.end('first')
      sendBody(res, jsonBody({ error: 'second' }))
    })
    const response = await supertest(server).get('/')
    expect(response.text).toBe('first')
  })
})

describe('a response', () => {
  it('is open until its head is out, it is ended, or its connection is gone', () => {
    expect(isOpen(newResponse())).toBe(true)
    const begun = newResponse()
    begun.writeHead(200).flushHeaders()
    const ended = newResponse()
    ended.end()
    const gone = newResponse()
    gone.destroy()
    expect([begun, ended, gone].map(isOpen)).toEqual([false, false, false])
  })
})
