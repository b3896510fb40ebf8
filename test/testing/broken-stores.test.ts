import { describe, expect, it } from 'vitest'
import { type Charge, type Decision, MemoryStore, type Receipt, type Store } from '../../src/index.ts'
import type { FakeClock } from '../../src/testing/index.ts'
import { runConformance } from './conformance-run.ts'
import { type Counter, SimpleStore } from './simple-store.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

class LiveCounter extends SimpleStore {
  readonly #states = new Map<string, { remaining: number }>()
  override consume(charge: Charge): Decision {
    const decision = super.consume(charge) as Decision
    const live = this.#states.get(charge.key) ?? { remaining: 0 }
    this.#states.set(charge.key, Object.assign(live, decision.limits[0]))
    return { ...decision, limits: [live as Decision['limits'][number]] }
  }
}

class RefusalExtends extends SimpleStore {
  override consume(charge: Charge): Decision {
    const decision = super.consume(charge) as Decision
    if (!decision.allowed) this.current(charge).startMs = this.clock.now()
    return decision
  }
}

class RefusalCounts extends SimpleStore {
  override consume(charge: Charge): Decision {
    const decision = super.consume(charge) as Decision
    if (!decision.allowed) this.current(charge).used += charge.cost
    return decision
  }
}

class TakesPartOfACost extends SimpleStore {
  override consume(charge: Charge): Decision | Promise<Decision> {
    let decision = super.consume({ ...charge, cost: 1 })
    for (let unit = 1; unit < charge.cost; unit++) decision = super.consume({ ...charge, cost: 1 })
    return decision
  }
}

class RefundsTwice extends SimpleStore {
  override refund(receipt: Receipt): void {
    super.refund({ ...receipt })
  }
}

class RefundsIntoLaterWindow extends SimpleStore {
  override consume(charge: Charge): Decision {
    const decision = super.consume(charge) as Decision
    return decision.allowed ? { ...decision, receipt: { ...decision.receipt, key: charge.key } } : decision
  }
  override refund(receipt: Receipt): void {
    const written = receipt as { readonly key?: string; readonly counter?: Counter }
    const counter = this.counters.get(String(written.key)) ?? written.counter
    if (this.spent.has(receipt)) return
    this.spent.add(receipt)
    super.refund({ ...receipt, counter })
  }
}

class RefundsBelowZero extends SimpleStore {
  override refund(receipt: Receipt): void {
    const { counter, cost } = receipt as unknown as { counter: Counter; cost: number }
    counter.used -= cost
  }
}

class RefundsOneUnit extends SimpleStore {
  override refund(receipt: Receipt): void {
    if (this.spent.has(receipt)) return
    this.spent.add(receipt)
    super.refund({ ...receipt, cost: 1 })
  }
}

class PausesBetweenReadAndWrite extends SimpleStore {
  override async consume(charge: Charge): Promise<Decision> {
    const counter = this.current(charge)
    const { used } = counter
    const decision = this.decide(charge, counter, charge.cost)
    await nextTurn()
    if (!decision.allowed) return decision
    counter.used = used + charge.cost
    this.counters.set(charge.key, counter)
    return { ...decision, receipt: { counter, cost: charge.cost } }
  }
}

class ShortensKeys extends SimpleStore {
  protected override keyOf(key: string): string {
    return key.slice(0, 1000)
  }
}

class TrimsKeys extends SimpleStore {
  protected override keyOf(key: string): string {
    return key.trim()
  }
}

class NormalisesKeys extends SimpleStore {
  protected override keyOf(key: string): string {
    return key.normalize('NFC')
  }
}

class EncodesKeys extends SimpleStore {
  protected override keyOf(key: string): string {
    return Buffer.from(key).toString('latin1')
  }
}

class KeepsKeysInAnObject extends SimpleStore {
  protected override keyOf(key: string): string {
    return key in {} ? 'inherited' : key
  }
}

class LocksOutWhenTheClockGoesBack extends SimpleStore {
  protected override rewind(): void {
    // Keeps the start where it was, an hour ahead.
  }
}

class NewQuotaWhenTheClockGoesBack extends SimpleStore {
  protected override rewind(counter: Counter, nowMs: number): void {
    if (nowMs < counter.startMs) Object.assign(counter, { startMs: nowMs, used: 0 })
  }
}

class ResetForgetsAll extends SimpleStore {
  override reset(): void {
    this.counters.clear()
  }
}

class ResetAllForgetsOne extends SimpleStore {
  override resetAll(): void {
    const [first = ''] = this.counters.keys()
    this.counters.delete(first)
  }
}

class PeekTakes extends SimpleStore {
  override peek(charge: Charge): Decision {
    return super.consume(charge) as Decision
  }
}

class OneTooMany extends SimpleStore {
  protected override decide(charge: Charge, counter: Counter, taken: number): Decision {
    return super.decide(charge, { ...counter, used: Math.max(0, counter.used - 1) }, taken)
  }
}

class ReleasesLate extends SimpleStore {
  protected override current(charge: Charge): Counter {
    const [limit] = charge.limits
    if (limit === undefined) throw new Error('a charge has a limit')
    return super.current({ ...charge, limits: [{ ...limit, windowMs: limit.windowMs + 1 }] })
  }
}

class TakesZeroForNoTime extends SimpleStore {
  protected override current(charge: Charge): Counter {
    const counter = super.current(charge)
    return counter.startMs ? counter : { startMs: this.clock.now(), used: 0 }
  }
}

class ShortMemory extends SimpleStore {
  override consume(charge: Charge): Decision | Promise<Decision> {
    if (this.counters.size > 100) this.counters.clear()
    return super.consume(charge)
  }
}

class RoundsToSeconds extends SimpleStore {
  override consume(charge: Charge): Decision {
    const decision = super.consume(charge) as Decision
    return { ...decision, retryAfterMs: Math.floor(decision.retryAfterMs / 1000) * 1000 }
  }
}

class ForgetsBeyondAMonth extends SimpleStore {
  protected override current(charge: Charge): Counter {
    const counter = super.current(charge)
    // As a timer of more than 2^31 - 1 ms does: it fires at once.
    return (charge.limits[0]?.windowMs ?? 0) > 2 ** 31 - 1 ? { startMs: this.clock.now(), used: 0 } : counter
  }
}

/** Two limits, of which the first is charged although the second refuses. */
class ChargesTheFirst implements Store {
  readonly capabilities = { algorithms: ['fixed-window'], severalLimits: true, shared: false } as const
  readonly #stores: readonly MemoryStore[]
  constructor(clock: FakeClock) {
    this.#stores = [new MemoryStore({ clock }), new MemoryStore({ clock })]
  }
  consume({ key, limits, cost }: Charge): Decision {
    const decisions = limits.map(
      (limit, index) =>
        this.#stores[index]?.consume({ key, limits: [limit], cost }) ?? {
          allowed: true,
          retryAfterMs: 0,
          limits: [],
        },
    )
    return {
      allowed: decisions.every(({ allowed }) => allowed),
      retryAfterMs: Math.max(...decisions.map(({ retryAfterMs }) => retryAfterMs)),
      limits: decisions.flatMap(({ limits: states }) => states),
    }
  }
}

class AsksForTheFirstWait extends MemoryStore {
  constructor(clock: FakeClock) {
    super({ clock })
  }
  override consume(charge: Charge): Decision {
    const decision = super.consume(charge)
    const waits = decision.limits.filter(({ remaining }) => remaining < charge.cost)
    return decision.allowed ? decision : { ...decision, retryAfterMs: waits[0]?.resetMs ?? 0 }
  }
}

class ClosesOnce extends MemoryStore {
  #closed = false
  constructor(clock: FakeClock) {
    super({ clock })
  }
  override close(): void {
    if (this.#closed) throw new Error('closed already')
    this.#closed = true
  }
}

const odd = 'tells odd keys apart: empty, separators, NUL, CR LF, __proto__, lone surrogates, 10 kB'
const clockBack = 'survives a clock that is set back an hour: no new quota, no wait beyond a window'
const anyWindow = 'honours a receipt in the window of its charge, and in no later one'

describe('the conformance suite finds a store that', () => {
  const broken: readonly (readonly [what: string, new (clock: FakeClock) => Store, title: string])[] = [
    ['hands out its live counter', LiveCounter, 'answers a fresh decision each time, never a live counter'],
    [
      'extends the window on a refusal',
      RefusalExtends,
      'writes nothing on a refusal: knocking does not prolong the wait',
    ],
    ['counts a refusal', RefusalCounts, 'takes a cost whole or not at all'],
    ['takes a part of a cost', TakesPartOfACost, 'takes a cost whole or not at all'],
    ['honours a receipt twice', RefundsTwice, 'honours a receipt once'],
    ['refunds into a later window', RefundsIntoLaterWindow, anyWindow],
    ['refunds below zero', RefundsBelowZero, 'never leaves more than the limit, whatever is refunded'],
    ['refunds less than was taken', RefundsOneUnit, 'gives back exactly what the receipt was written for'],
    [
      'pauses between reading and writing',
      PausesBetweenReadAndWrite,
      'admits exactly min(N, L) of N charges in parallel',
    ],
    ['shortens keys', ShortensKeys, odd],
    ['trims keys', TrimsKeys, odd],
    ['normalises keys', NormalisesKeys, odd],
    ['sends keys as UTF-8, where lone surrogates become one', EncodesKeys, odd],
    ['keeps keys in an object', KeepsKeysInAnObject, odd],
    ['locks out when the clock goes back', LocksOutWhenTheClockGoesBack, clockBack],
    ['gives new quota when the clock goes back', NewQuotaWhenTheClockGoesBack, clockBack],
    ['forgets all on reset', ResetForgetsAll, 'forgets one key on reset, and only that one'],
    ['forgets one on resetAll', ResetAllForgetsOne, 'forgets every key on resetAll'],
    ['charges on peek', PeekTakes, 'peeks without taking anything, and says what consume would say'],
    ['admits one too many', OneTooMany, 'admits the first L units and refuses the next'],
    [
      'releases a millisecond late',
      ReleasesLate,
      'refuses in the instant before the reset and admits at the reset',
    ],
    ['takes the instant 0 for none', TakesZeroForNoTime, 'counts from the instant 0 like from any other'],
    [
      'forgets clients when there are many',
      ShortMemory,
      'forgets nobody before the window ends, however busy others are',
    ],
    [
      'asks to come back too early',
      RoundsToSeconds,
      'keeps its promise: refused until retryAfterMs, admitted at it',
    ],
    [
      'forgets windows longer than a timer',
      ForgetsBeyondAMonth,
      'counts in a window of 30 days, longer than any timer',
    ],
    [
      'charges one of several limits that refuse',
      ChargesTheFirst,
      'charges none of several limits when one refuses',
    ],
    [
      'asks to wait for the first of several',
      AsksForTheFirstWait,
      'asks to wait for the last of the limits that refuse',
    ],
    ['cannot be closed twice', ClosesOnce, 'closes, and closes again without an error'],
  ]
  it.each(broken)('%s', async (_what, Broken, title) => {
    const { failures, titles } = await runConformance((clock) => new Broken(clock))
    expect(titles).toContain(title)
    expect([...failures.keys()]).toContain(title)
    // Found for what it is, not because nothing works at all.
    expect(failures.size).toBeLessThan(titles.length)
  })
})
