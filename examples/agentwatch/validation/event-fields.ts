import { EVENT_TYPES, type NewEvent, OUTCOMES } from '../domain/event.ts'
import type { Fields } from './fields.ts'

/** Longest text of one event; longer transcripts belong in several events. */
const LONGEST_TEXT = 2000
const MOST_TOKENS = 10_000_000
const DAY_MS = 86_400_000

/** The event that the fields describe. `nowMs` is its time unless it brings one. */
export function readEvent(fields: Fields, nowMs: number): NewEvent {
  return {
    type: fields.choice('type', EVENT_TYPES),
    name: fields.text('name', { longest: 100 }),
    outcome: fields.choice('outcome', OUTCOMES, 'ok'),
    parentId: fields.optionalText('parentId', 100),
    model: fields.optionalText('model', 100),
    inputTokens: fields.wholeNumber('inputTokens', { least: 0, most: MOST_TOKENS, fallback: 0 }),
    outputTokens: fields.wholeNumber('outputTokens', { least: 0, most: MOST_TOKENS, fallback: 0 }),
    durationMs: fields.wholeNumber('durationMs', { least: 0, most: DAY_MS, fallback: 0 }),
    confidence: fields.optionalNumber('confidence', { least: 0, most: 1 }),
    text: fields.text('text', { longest: LONGEST_TEXT, fallback: '' }),
    timeMs: fields.timestamp('timestamp', nowMs),
  }
}

/** The events in the field of that name, 1 to `most` of them. */
export function readEvents(body: Fields, most: number, nowMs: number): readonly NewEvent[] {
  return body.objects('events', most).map((fields) => {
    const event = readEvent(fields, nowMs)
    fields.done()
    return event
  })
}
