import { describe, expect, it } from 'vitest'
import { type ClassifiableRequest, methodClassifier } from '../../src/limits/request-methods.ts'

const classOf = (request: Partial<ClassifiableRequest>): string =>
  methodClassifier('write')({ headers: {}, ...request })

const OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override']

describe('the class of a method', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])('of %s is read', (method) => {
    expect(classOf({ method })).toBe('read')
  })

  it.each([
    ['POST'],
    ['PUT'],
    ['PATCH'],
    ['DELETE'],
    ['CONNECT'],
    ['PROPFIND'],
    ['PURGE'],
    // Methods are case-sensitive (RFC 9110, 9.1). So `get` is an unknown method.
    ['get'],
    ['Get'],
    ['GETS'],
    ['NO-SUCH'],
    [''],
  ])('of %j is write', (method) => {
    expect(classOf({ method })).toBe('write')
  })

  it('of a request without a method is write', () => {
    expect(classOf({})).toBe('write')
    expect(classOf({ method: undefined })).toBe('write')
  })
})

describe('the class of a request with a method override', () => {
  it.each(OVERRIDES)('in %s is the stricter class before the app applies the override', (header) => {
    expect(classOf({ method: 'POST', headers: { [header]: 'GET' } })).toBe('write')
    expect(classOf({ method: 'GET', headers: { [header]: 'DELETE' } })).toBe('write')
    expect(classOf({ method: 'GET', headers: { [header]: 'HEAD' } })).toBe('read')
  })

  it.each(OVERRIDES)('in %s is the stricter class after the app has applied the override', (header) => {
    const headers = { [header]: 'GET' }
    expect(classOf({ method: 'GET', originalMethod: 'POST', headers })).toBe('write')
    expect(classOf({ method: 'DELETE', originalMethod: 'GET', headers: { [header]: 'DELETE' } })).toBe(
      'write',
    )
    expect(classOf({ method: 'HEAD', originalMethod: 'GET', headers: { [header]: 'HEAD' } })).toBe('read')
  })

  it.each([
    // The override is not an HTTP method yet. Apps convert it to upper case when they apply it.
    ['get', 'read'],
    [' Head\t', 'read'],
    ['delete', 'write'],
    ['GET, HEAD', 'read'],
    // An app may apply the first of several methods, or the last.
    ['GET, DELETE', 'write'],
    ['DELETE, GET', 'write'],
    ['GET,', 'write'],
    ['', 'write'],
    ['NO-SUCH', 'write'],
    [['GET', 'HEAD'], 'read'],
    [['GET', 'POST'], 'write'],
  ] as const)('to %j is %s', (override, expected) => {
    expect(classOf({ method: 'GET', headers: { 'x-http-method-override': override } })).toBe(expected)
  })

  it.each([
    [{ method: 'GET', headers: { 'x-http-method-override': 'POST' } }, 'read'],
    [{ method: 'POST', headers: { 'x-http-method-override': 'GET' } }, 'read'],
    [{ method: 'GET', originalMethod: 'POST' }, 'read'],
    [{ method: 'POST', originalMethod: 'GET' }, 'read'],
    [{ method: 'POST', headers: { 'x-http-method-override': 'DELETE' } }, 'write'],
    [{ method: 'POST' }, 'write'],
  ] as const)('of %o is %s if read is the stricter class', (request, expected) => {
    expect(methodClassifier('read')({ headers: {}, ...request })).toBe(expected)
  })

  it('is the stricter class if one of several headers changes the class', () => {
    const headers = { 'x-http-method-override': 'GET', 'x-http-method': 'GET', 'x-method-override': 'PUT' }
    expect(classOf({ method: 'GET', headers })).toBe('write')
  })

  it('depends only on the method if nothing overrides it', () => {
    expect(classOf({ method: 'GET', originalMethod: undefined })).toBe('read')
    expect(classOf({ method: 'GET', originalMethod: 'GET' })).toBe('read')
    expect(classOf({ method: 'GET', headers: { 'x-override': 'DELETE' } })).toBe('read')
  })
})
