import { describe, expect, it } from 'vitest'
import { type ClassifiableRequest, classesOf, classesOfMethod } from '../../src/limits/request-methods.ts'

const classesFor = (request: Partial<ClassifiableRequest>): string =>
  classesOfMethod({ headers: {}, ...request }).join(' and ')

const OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override']

describe('the class of a method', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])('of %s is read', (method) => {
    expect(classesFor({ method })).toBe('read')
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
    expect(classesFor({ method })).toBe('write')
  })

  it('of a request without a method is write', () => {
    expect(classesFor({})).toBe('write')
    expect(classesFor({ method: undefined })).toBe('write')
  })
})

describe('the classes of a request with a method override', () => {
  // Threats 8 and 33: a header never chooses the class with more units left.
  it.each(OVERRIDES)('in %s are both classes before the app applies the override', (header) => {
    expect(classesFor({ method: 'POST', headers: { [header]: 'GET' } })).toBe('write and read')
    expect(classesFor({ method: 'GET', headers: { [header]: 'DELETE' } })).toBe('read and write')
    expect(classesFor({ method: 'GET', headers: { [header]: 'HEAD' } })).toBe('read')
  })

  it.each(OVERRIDES)('in %s are both classes after the app has applied the override', (header) => {
    const headers = { [header]: 'GET' }
    expect(classesFor({ method: 'GET', originalMethod: 'POST', headers })).toBe('read and write')
    expect(classesFor({ method: 'DELETE', originalMethod: 'GET', headers: { [header]: 'DELETE' } })).toBe(
      'write and read',
    )
    expect(classesFor({ method: 'HEAD', originalMethod: 'GET', headers: { [header]: 'HEAD' } })).toBe('read')
  })

  it.each([
    // The override is not an HTTP method yet. Apps convert it to upper case when they apply it.
    ['get', 'read'],
    [' Head\t', 'read'],
    ['delete', 'read and write'],
    ['GET, HEAD', 'read'],
    // An app may apply the first of several methods, or the last.
    ['GET, DELETE', 'read and write'],
    ['DELETE, GET', 'read and write'],
    ['PURGE', 'read and write'],
    // Middleware such as method-override ignores what is no method.
    ['GET,', 'read'],
    ['', 'read'],
    [',', 'read'],
    ['NO-SUCH', 'read'],
    ['DELETES', 'read'],
    ['NO-SUCH, DELETE', 'read and write'],
    [['GET', 'HEAD'], 'read'],
    [['GET', 'POST'], 'read and write'],
  ] as const)('to %j are %s', (override, expected) => {
    expect(classesFor({ method: 'GET', headers: { 'x-http-method-override': override } })).toBe(expected)
  })

  it('are both classes if one of several headers changes the class', () => {
    const headers = { 'x-http-method-override': 'GET', 'x-http-method': 'GET', 'x-method-override': 'PUT' }
    expect(classesFor({ method: 'GET', headers })).toBe('read and write')
  })

  it('depend only on the method if nothing overrides it', () => {
    expect(classesFor({ method: 'GET', originalMethod: undefined })).toBe('read')
    expect(classesFor({ method: 'GET', originalMethod: 'GET' })).toBe('read')
    expect(classesFor({ method: 'GET', headers: { 'x-override': 'DELETE' } })).toBe('read')
    expect(classesFor({ method: 'POST', headers: { 'x-http-method-override': 'DELETE' } })).toBe('write')
  })
})

describe('a class as a list', () => {
  it('is one list for each class', () => {
    expect([classesOf('read'), classesOf('write')]).toEqual([['read'], ['write']])
    expect(classesOf('read')).toBe(classesOfMethod({ method: 'GET', headers: {} }))
  })
})
