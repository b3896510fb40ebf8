import type { AnswerDescription, LimiterDescription } from '../../limits/limiter-description.ts'
import { READ_AND_WRITE, type ReadOrWrite } from '../../limits/request-class.ts'
import { mediaTypeOf } from './body-schema.ts'
import { componentPrefix } from './component-name.ts'
import { hasLimits, retryAfterHeader, sharedHeaders } from './limiter-headers.ts'
import { limitsText } from './limits-text.ts'
import { type Headers, type JsonSchema, type ResponseObject, referenceTo } from './openapi-object.ts'

/** One kind of answer that a limiter gives in place of the app. */
export interface LimiterAnswer {
  readonly limiter: LimiterDescription
  readonly kind: 'refusal' | 'denial' | 'unavailable'
  /** The name of its two components: the response, and the schema of its body. */
  readonly componentName: string
  readonly answer: AnswerDescription
}

const COMPONENT_NAMES: Readonly<Record<LimiterAnswer['kind'], string>> = {
  refusal: 'RateLimitExceeded',
  denial: 'ClientDenied',
  unavailable: 'RateLimiterUnavailable',
}

/** The answers that a limiter can give to requests of these classes. In shadow mode it gives none. */
export function answersOf(
  limiter: LimiterDescription,
  classes: readonly ReadOrWrite[] = READ_AND_WRITE,
): readonly LimiterAnswer[] {
  if (limiter.mode === 'shadow') return []
  const kinds = hasLimits(limiter, classes)
    ? (['refusal', 'denial', 'unavailable'] as const)
    : ['denial' as const]
  return kinds.flatMap((kind) => {
    const answer = limiter[kind]
    const componentName = componentPrefix(limiter.name) + COMPONENT_NAMES[kind]
    return answer === undefined ? [] : [{ limiter, kind, componentName, answer }]
  })
}

/** The answers that share a status, as one response. */
export function responseOf(
  answers: readonly LimiterAnswer[],
  limiters: readonly LimiterDescription[],
  classes: readonly ReadOrWrite[],
): ResponseObject {
  return {
    description: answers.map((one) => descriptionOf(one, classes)).join(' '),
    headers: headersOf(answers, limiters, classes),
    content: contentOf(answers),
  }
}

function descriptionOf({ kind, limiter }: LimiterAnswer, classes: readonly ReadOrWrite[]): string {
  if (kind === 'denial') return 'Requests from this address are not served.'
  if (kind === 'unavailable') return 'Requests cannot be counted at present.'
  const { unit } = limiter
  const what = unit === undefined ? 'requests from' : `${unit} for`
  return `Too many ${what} this client. ${limitsText(limiter, classes)}`
}

function headersOf(
  answers: readonly LimiterAnswer[],
  limiters: readonly LimiterDescription[],
  classes: readonly ReadOrWrite[],
): Headers {
  const kinds = answers.map(({ kind }) => kind)
  const retryable = answers.filter(({ kind }) => kind !== 'denial').map(({ limiter }) => limiter)
  if (retryable.length === 0) return {}
  // While the store fails, nothing is known about the state of the limits.
  const contents = kinds.includes('refusal') ? (['policy', 'state'] as const) : (['policy'] as const)
  return { ...retryAfterHeader(retryable), ...sharedHeaders(limiters, classes, contents) }
}

function contentOf(answers: readonly LimiterAnswer[]): ResponseObject['content'] {
  const schemas = new Map<string, JsonSchema[]>()
  for (const { answer, componentName } of answers) {
    const mediaType = mediaTypeOf(answer)
    const schema = { ...referenceTo('schemas', componentName) }
    schemas.set(mediaType, [...(schemas.get(mediaType) ?? []), schema])
  }
  const entries = [...schemas].map(([mediaType, [first = {}, ...others]]) => [
    mediaType,
    { schema: others.length === 0 ? first : { anyOf: [first, ...others] } },
  ])
  return Object.fromEntries(entries)
}
