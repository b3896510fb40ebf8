import { IncomingMessage, type OutgoingHttpHeader, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import {
  headOf,
  isOpen,
  restoreHead,
  writeForbiddenHead,
  writeRefusalHead,
} from '../../src/response/response-head.ts'

const newResponse = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()))

describe('the head of a refusal', () => {
  it('has the status and Retry-After, and is not cached', () => {
    const res = newResponse()
    res.setHeader('Cache-Control', 'public, max-age=3600')
    writeRefusalHead(res, headOf(res), 429, 18)
    expect(res.statusCode).toBe(429)
    expect({ ...res.getHeaders() }).toEqual({ 'retry-after': '18', 'cache-control': 'no-store' })
  })

  it.each<[string, OutgoingHttpHeader, string]>([
    ['keeps a longer time', '60', '60'],
    ['keeps a longer time that is a number', 60, '60'],
    ['replaces a shorter time', '5', '18'],
    ['keeps the same time', '18', '18'],
    // A date could only be compared by the clock of the client.
    ['replaces a date', 'Wed, 21 Oct 2015 07:28:00 GMT', '18'],
    ['replaces a text that is not a number', 'soon', '18'],
    ['replaces an empty value', '', '18'],
    ['replaces a negative number', '-60', '18'],
    ['replaces a fraction', '60.5', '18'],
    ['replaces Infinity', 'Infinity', '18'],
  ])('%s in Retry-After', (_what, present, sent) => {
    const res = newResponse()
    res.setHeader('Retry-After', present)
    writeRefusalHead(res, headOf(res), 429, 18)
    expect(res.getHeader('Retry-After')).toBe(sent)
  })
})

describe('the head of a refusal that no wait ends', () => {
  it('has the status and no Retry-After, and is not cached', () => {
    const res = newResponse()
    res.setHeader('Cache-Control', 'public, max-age=3600')
    writeForbiddenHead(res, 403)
    expect(res.statusCode).toBe(403)
    expect({ ...res.getHeaders() }).toEqual({ 'cache-control': 'no-store' })
  })
})

describe('a remembered head', () => {
  it('is restored: it has its old values, and no header that a refusal added', () => {
    const res = newResponse()
    res.statusCode = 201
    res.setHeader('Cache-Control', 'private')
    const before = headOf(res)
    writeRefusalHead(res, headOf(res), 429, 18)
    res.setHeader('X-Other', 'later')
    restoreHead(res, before)
    expect(res.statusCode).toBe(201)
    expect({ ...res.getHeaders() }).toEqual({ 'cache-control': 'private', 'x-other': 'later' })
  })
})

describe('a response', () => {
  it('is open until its head is sent, it is ended, or it is destroyed', () => {
    expect(isOpen(newResponse())).toBe(true)
    const withHead = newResponse()
    withHead.writeHead(200).flushHeaders()
    const ended = newResponse()
    ended.end()
    const destroyed = newResponse()
    destroyed.destroy()
    expect([withHead, ended, destroyed].map(isOpen)).toEqual([false, false, false])
  })
})
