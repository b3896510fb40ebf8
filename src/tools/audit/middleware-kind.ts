import { describeLimiter } from '../../limits/limiter-description.ts'
import { isRouter, routerOfApp, type StackFunction } from './router-stack.ts'

/**
 * What a function in a stack is. `passing` middleware is known to pass requests on in normal use. `overriding`
 * middleware, of the package method-override, changes the method and never answers. `answering` functions have
 * no `next` parameter, so they cannot pass requests on.
 */
export type MiddlewareKind =
  | 'limiter'
  | 'router'
  | 'error-handler'
  | 'sub-app'
  | 'static'
  | 'passing'
  | 'overriding'
  | 'answering'
  | 'middleware'

/** By the names of their functions, because Express shows nothing else of them. */
const KIND_BY_NAME: Readonly<Record<string, MiddlewareKind>> = {
  mounted_app: 'sub-app',
  serveStatic: 'static',
  jsonParser: 'passing',
  urlencodedParser: 'passing',
  rawParser: 'passing',
  textParser: 'passing',
  cookieParser: 'passing',
  compression: 'passing',
  helmetMiddleware: 'passing',
  logger: 'passing',
}

/** The kind of a function that was given to `use` or to a route. */
export function middlewareKind(stackFunction: StackFunction): MiddlewareKind {
  if (describeLimiter(stackFunction) !== undefined) return 'limiter'
  // An app wraps an app that it mounts in a function. A router does not, so the stack of the app can be read.
  if (isRouter(stackFunction) || routerOfApp(stackFunction) !== undefined) return 'router'
  const { length = 0, name = '' } = stackFunction
  if (length > 3) return 'error-handler'
  if (isAppOfOtherFramework(stackFunction)) return 'sub-app'
  if (name === 'methodOverride' && sourceOf(stackFunction).includes('originalMethod')) return 'overriding'
  if (Object.hasOwn(KIND_BY_NAME, name)) return KIND_BY_NAME[name] ?? 'middleware'
  return length < 3 ? 'answering' : 'middleware'
}

/**
 * An app or router of another framework, such as connect. It answers in ways that the audit does not know.
 */
function isAppOfOtherFramework({ stack, handle }: StackFunction): boolean {
  return Array.isArray(stack) || typeof handle === 'function'
}

/** The two functions that Express 4 puts first into every app. */
export function isExpress4Internal({ name }: StackFunction, index: number): boolean {
  return (index === 0 && name === 'query') || (index === 1 && name === 'expressInit')
}

/** The name of a function for reports. */
export function functionName({ name }: StackFunction): string {
  return name === undefined || name === '' ? '(anonymous)' : name
}

/** Empty for an app of another framework that is no function. */
function sourceOf(stackFunction: StackFunction): string {
  return typeof stackFunction === 'function' ? Function.prototype.toString.call(stackFunction) : ''
}

/**
 * Whether a function's source contains the string 'router', with which `next` leaves the router before its
 * end.
 */
export function canLeaveRouter(stackFunction: StackFunction): boolean {
  return /['"`]router['"`]/.test(sourceOf(stackFunction))
}

/**
 * Whether a function assigns to the path or the method of a request, as far as its own source shows. A
 * function whose source cannot be read (native or bound) may do so.
 *
 * It finds URL rewriters and method overrides in the function's own source. It does not look into the
 * functions that this one calls: no audit from outside can know them.
 */
export function canRewriteRequests(stackFunction: StackFunction): boolean {
  const source = sourceOf(stackFunction)
  if (source.includes('[native code]')) return true
  return /(?:\.|\[['"`])(?:url|method)(?:['"`]\])?\s*=(?!=)/.test(source)
}

/** The first parameter of a function, of an arrow function or of a method, in its source. */
const FIRST_PARAMETER = /^(?:async\s*)?(?:function\s*)?(?:[\w$]+\s*(?=\())?\(?\s*([\w$]+)/

/**
 * Whether a function passes requests on with another method, as far as its own source shows. Only an
 * assignment to its first parameter counts: handlers often set the method of a request that they send.
 */
export function canChangeMethod(stackFunction: StackFunction): boolean {
  const source = sourceOf(stackFunction)
  const parameter = FIRST_PARAMETER.exec(source)?.[1]?.replaceAll('$', '\\$')
  if (parameter === undefined || middlewareKind(stackFunction) === 'answering') return false
  return new RegExp(`(?<![\\w$.])${parameter}(?:\\.method|\\[['"\`]method['"\`]\\])\\s*=(?!=)`).test(source)
}

/** The names of the four parameters of an error handler, in its source. */
const ERROR_HANDLER_PARAMETERS =
  /^(?:async\s*)?(?:function\b\s*)?(?:[\w$]+\s*)?\(\s*([\w$]+)\s*,\s*[\w$]+\s*,\s*[\w$]+\s*,\s*([\w$]+)\s*,?\s*\)/

/** Express keeps `next` as `req.next` too, and `sendFile` calls it for a folder. */
const OTHER_WAYS_ON = /\barguments\b|\beval\b|\.\s*next\b|['"`]next['"`]|\bsendfile\b|\bdownload\b/i

/**
 * Whether an error handler may let a request continue as if there had been no error. Its own source shows that
 * it does not where it never names its `next`, or only passes its own error on: `next(err)`. Everything else
 * may: functions in it can have other variables of these names.
 */
export function canEndError(errorHandler: StackFunction): boolean {
  const source = sourceOf(errorHandler)
  const [head, error, next] = ERROR_HANDLER_PARAMETERS.exec(source) ?? []
  if (head === undefined || error === undefined || next === undefined) return true
  const body = source.slice(head.length)
  if (OTHER_WAYS_ON.test(body)) return true
  const [errorName, nextName] = [error, next].map((name) => name.replaceAll('$', '\\$'))
  const uses = body.match(new RegExp(`(?<![\\w$])${nextName}(?![\\w$])`, 'g'))?.length ?? 0
  if (uses === 0) return false
  const passes = body.match(new RegExp(`(?<![\\w$.])${nextName}\\(\\s*${errorName}\\s*\\)`, 'g'))?.length ?? 0
  const isSimple = !/=>|\bfunction\b|\bcatch\b|[{[][^{}[\]]*[}\]]\s*=(?!=)/.test(body.replace(/^\s*=>/, ''))
  const isReassigned = new RegExp(`(?<![\\w$.])${errorName}(?![\\w$])[^=,;(){}]*=(?![=>])`).test(body)
  return !isSimple || isReassigned || passes < uses
}
