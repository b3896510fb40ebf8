import { EVENT_TYPES, type NewEvent, OUTCOMES } from '../domain/event.ts'
import type { Fields } from './fields.ts'

/** The maximum length of the text of one event, in characters. */
const MAX_TEXT_LENGTH = 2000
const MAX_TOKENS = 10_000_000
const DAY_MS = 86_400_000

/** The event that the fields describe. Its time is `nowMs` if it has no timestamp. */
export function readEvent(fields: Fields, nowMs: number): NewEvent {
  return {
    type: fields.choice('type', EVENT_TYPES),
    name: fields.text('name', { longest: 100 }),
    outcome: fields.choice('outcome', OUTCOMES, 'ok'),
    parentId: fields.optionalText('parentId', 100),
    model: fields.optionalText('model', 100),
    inputTokens: fields.wholeNumber('inputTokens', { least: 0, most: MAX_TOKENS, fallback: 0 }),
    outputTokens: fields.wholeNumber('outputTokens', { least: 0, most: MAX_TOKENS, fallback: 0 }),
    durationMs: fields.wholeNumber('durationMs', { least: 0, most: DAY_MS, fallback: 0 }),
    confidence: fields.optionalNumber('confidence', { least: 0, most: 1 }),
    text: fields.text('text', { longest: MAX_TEXT_LENGTH, fallback: '' }),
    timeMs: fields.timestamp('timestamp', nowMs),
  }
}

/** The events in the field `events`: 1 to `most` of them. */
export function readEvents(body: Fields, most: number, nowMs: number): readonly NewEvent[] {
  return body.objects('events', most).map((fields) => {
    const event = readEvent(fields, nowMs)
    fields.rejectUnknownFields()
    return event
  })
}
