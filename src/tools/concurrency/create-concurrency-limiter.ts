import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Request, Response } from 'express'
import { assembleLimiter } from '../../create-rate-limiter.ts'
import type { LimiterFunction } from '../../limiter/server-guard.ts'
import { LIMITER_DESCRIPTION } from '../../limits/limiter-description.ts'
import { chain } from '../../maybe-promise.ts'
import type { Settings } from '../../options/settings.ts'
import type { ChargeSteps } from '../../request/request-context.ts'
import type { Lease, LeaseStore } from '../../stores/leases/lease.ts'
import { MemoryLeases } from '../../stores/leases/memory-leases.ts'
import type { ConcurrencyLimiter } from './concurrency-limiter.ts'
import type { ConcurrencyLimiterOptions } from './concurrency-limiter-options.ts'
import { type InFlightSettings, parseInFlightSettings } from './in-flight-settings.ts'
import { whenClosed } from './response-close.ts'
import { leasesOf, takePlaces } from './take-places.ts'
import { WaitingLines } from './waiting-lines.ts'

/**
 * Creates a concurrency limiter: middleware that lets so many requests of a client be in flight at a time. A request gives
 * its place back when its response closes, however it ends. Others are refused with `Retry-After: 1`, which is an estimate,
 * or wait in a `queue`.
 *
 * @throws RateLimiterError for an unknown option, for a value that an option does not take, for options that contradict
 *   each other, and for a store that has no leases
 * @see https://express-tollgate.github.io/express-tollgate/concurrency
 */
export function createConcurrencyLimiter<
  Req extends IncomingMessage = Request,
  Res extends ServerResponse = Response,
>(options: ConcurrencyLimiterOptions<NoInfer<Req>, NoInfer<Res>>): ConcurrencyLimiter {
  const parsed = parseInFlightSettings<Req, Res>(options)
  const places = new Places(parsed)
  const assembled = assembleLimiter<Req, Res>(parsed.settings, {
    createStore: () => new MemoryLeases(),
    takeCharge: places.take,
    followUp: () => undefined,
  })
  const { guard, explain, health, peek, reset } = assembled
  const limiter: LimiterFunction = (req, res, next) => assembled(req, res, next)
  Object.defineProperties(limiter, {
    inFlight: { get: () => places.inFlight, enumerable: true },
    waiting: { get: () => places.waiting, enumerable: true },
  })
  const close = async (): Promise<void> => {
    places.close()
    await assembled.close()
  }
  const store = assembled.store as LeaseStore
  const description = assembled[LIMITER_DESCRIPTION]
  const methods = { guard, explain, health, peek, reset, close, store, [LIMITER_DESCRIPTION]: description }
  return Object.assign(limiter, methods) as typeof limiter &
    typeof methods &
    Pick<Places<Req, Res>, 'inFlight' | 'waiting'>
}

/** The places that requests of this process hold and wait for. */
class Places<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly #lines: WaitingLines | undefined
  #inFlight = 0

  constructor({
    queue,
    settings: { mode },
  }: Pick<InFlightSettings<Req, Res>, 'queue'> & { settings: Pick<Settings<Req, Res>, 'mode'> }) {
    // In shadow mode no request waits: it would pass anyway.
    if (queue !== undefined && mode === 'enforce') this.#lines = new WaitingLines(queue)
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get waiting(): number {
    return this.#lines?.waiting ?? 0
  }

  readonly take: ChargeSteps<Req, Res>['takeCharge'] = (counting, policyCharge, { req, res }) => {
    const { key } = policyCharge.charge
    const ask = (): ReturnType<typeof takePlaces> => takePlaces(counting, policyCharge)
    const onHangUp = (hungUp: () => void): (() => void) => whenClosed(req, res, hungUp)
    const answered = this.#lines === undefined ? ask() : this.#lines.take({ key, ask, onHangUp })
    return chain(answered, (known) => {
      const leases = leasesOf(known)
      if (leases.length > 0) this.#hold(leases, key, onHangUp)
      return known
    })
  }

  close(): void {
    this.#lines?.close()
  }

  #hold(leases: readonly Lease[], key: string, onClosed: (closed: () => void) => unknown): void {
    this.#inFlight++
    onClosed(() => {
      this.#inFlight--
      for (const lease of leases) lease.release()
      this.#lines?.placeFreed(key)
    })
  }
}
