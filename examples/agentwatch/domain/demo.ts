import type { EventType, NewEvent } from './event.ts'
import { ingest, startSession } from './ingest.ts'
import type { Session } from './session.ts'
import type { Watch } from './watch.ts'

const AGENTS = ['support-bot', 'code-reviewer', 'invoice-reader', 'research-scout']
const GOALS = [
  'Answer ticket 4711',
  'Review the open change',
  'Read the invoices of May',
  'Compare three vendors',
]
const MODELS = ['gpt-4o', 'gpt-4o-mini', 'claude-sonnet', 'claude-haiku']
const TOOLS = ['search.web', 'files.read', 'tickets.update', 'payments.refund', 'code.run']

/** How many sessions to invent. The same seed gives the same sessions. */
export interface DemoOptions {
  readonly sessions: number
  readonly seed: number
}

/** Adds invented sessions. They go through the same checks as real ones. */
export function seedDemo(watch: Watch, options: DemoOptions): readonly Session[] {
  const random = randomFrom(options.seed)
  return Array.from({ length: options.sessions }, () => seedSession(watch, random))
}

function seedSession(watch: Watch, random: () => number): Session {
  const session = startSession(watch, {
    agent: pick(AGENTS, random),
    goal: pick(GOALS, random),
    tenantId: null,
  })
  const model = pick(MODELS, random)
  let timeMs = watch.now() - 600_000
  const add = (event: Partial<NewEvent> & { type: EventType; name: string }): string => {
    timeMs += 500 + Math.floor(random() * 5000)
    const [stored] = ingest(watch, session, [{ ...BLANK, ...event, timeMs }])
    return stored?.id ?? ''
  }
  add({ type: 'user_message', name: 'request', text: session.goal })
  const rounds = 2 + Math.floor(random() * 4)
  for (let round = 1; round <= rounds; round++) {
    const thought = add({
      type: 'reasoning',
      name: `plan ${round}`,
      text: 'Compare the facts and choose a tool.',
    })
    add({ ...call(model, random), parentId: thought })
    add({ ...toolCall(random), parentId: thought })
    add({ type: 'checkpoint', name: `round ${round}` })
  }
  add({ type: 'decision', name: 'answer', confidence: 0.5 + random() / 2 })
  if (random() < 0.6)
    watch.sessions.setStatus(session.id, random() < 0.8 ? 'completed' : 'failed', watch.now())
  return session
}

function call(model: string, random: () => number): Partial<NewEvent> & { type: EventType; name: string } {
  return {
    type: 'llm_call',
    name: 'think',
    model,
    inputTokens: 500 + Math.floor(random() * 4000),
    outputTokens: 100 + Math.floor(random() * 900),
    durationMs: 400 + Math.floor(random() * 4000),
  }
}

function toolCall(random: () => number): Partial<NewEvent> & { type: EventType; name: string } {
  return {
    type: 'tool_call',
    name: pick(TOOLS, random),
    outcome: random() < 0.85 ? 'ok' : 'error',
    durationMs: 50 + Math.floor(random() * 900),
  }
}

const BLANK: Omit<NewEvent, 'type' | 'name' | 'timeMs'> = {
  outcome: 'ok',
  parentId: null,
  model: null,
  inputTokens: 0,
  outputTokens: 0,
  durationMs: 0,
  confidence: null,
  text: '',
}

function pick<Item>(items: readonly [Item, ...Item[]] | readonly Item[], random: () => number): Item {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new Error('There is nothing to pick from.')
  return item
}

/**
 * Numbers from 0 to 1, the same for the same seed: the linear congruential generator of Numerical Recipes.
 */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
