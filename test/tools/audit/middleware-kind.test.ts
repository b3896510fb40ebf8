import { expect, it } from 'vitest'
import { canEndError } from '../../../src/tools/audit/middleware-kind.ts'

import type { StackFunction } from '../../../src/tools/audit/router-stack.ts'

/** As V8 shows it: tests are compiled, so the sources are made here. */
function errorHandler(source: string): StackFunction {
  return new Function(`return ${source}`)() as StackFunction
}

it.each([
  'function (err, req, res, next) { res.status(500).send(err.message) }',
  'function errorHandler(err, _req, res, _next) { res.status(err.status || 500).json({ message: err.message }) }',
  '(err, req, res, next) => { res.locals.err = err; next(err) }',
  'async (err, req, res, next) => { if (res.headersSent) return next(err); res.end() }',
  '(e, q, s, $) => $(e)',
])('an error handler does not let a request continue: %s', (source) => {
  expect(canEndError(errorHandler(source))).toBe(false)
})

it.each([
  '(err, req, res, next) => next()',
  "(err, req, res, next) => { if (err.code === 'gone') next(); else next(err) }",
  "(err, req, res, next) => next('route')",
  '(err, req, res, next) => { err = null; next(err) }',
  '(err, req, res, next) => { err &&= null; next(err) }',
  '(err, req, res, next) => { [err] = []; next(err) }',
  '(err, req, res, next) => { ({ err } = {}); next(err) }',
  '(err, req, res, next) => log(err, (err) => next(err))',
  '(err, req, res, next) => { log(err, function (err) { next(err) }) }',
  '(err, req, res, next) => { try { log(err) } catch (err) { next(err) } }',
  '(err, req, res, next) => setTimeout(next, 10)',
  '(err, req, res, _next) => req.next()',
  "(err, req, res, _next) => req['next']()",
  "(err, req, res, _next) => res.sendFile('/folder')",
  'function (err, req, res, _next) { arguments[3]() }',
  '(...all) => all[3]()',
  '(err, req, res, next = all) => res.end()',
  '({ message }, req, res, next) => res.end(message)',
  '((err, req, res, next) => res.end()).bind(undefined)',
])('an error handler may let a request continue: %s', (source) => {
  expect(canEndError(errorHandler(source))).toBe(true)
})
