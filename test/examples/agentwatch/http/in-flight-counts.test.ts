import type { Request, Response } from 'express'
import { expect, it, vi } from 'vitest'
import { type Identity, setIdentity } from '../../../../examples/agentwatch/http/identity.ts'
import { InFlightCounts } from '../../../../examples/agentwatch/http/in-flight-counts.ts'
import { exchange } from '../../../request/exchange.ts'

const ACME: Identity = { role: 'tenant', tenantId: 'ten_acme' }

/** A request of a caller, and its response. */
function requestOf(identity: Identity): { req: Request; res: Response } {
  const { req, res } = exchange()
  const parts = {
    req: req as unknown as Request,
    res: Object.assign(res, { locals: {} }) as unknown as Response,
  }
  setIdentity(parts.res, identity)
  return parts
}

it('counts the requests of each tenant until their responses close', () => {
  const counts = new InFlightCounts()
  const [one, other, operator] = [
    requestOf(ACME),
    requestOf(ACME),
    requestOf({ role: 'operator', tenantId: null }),
  ]
  const next = vi.fn()
  for (const { req, res } of [one, other, operator]) void counts.countInFlight(req, res, next)
  expect(next.mock.calls).toEqual([[], [], []])
  expect([counts.of('ten_acme'), counts.of('ten_other')]).toEqual([2, 0])
  one.res.emit('close')
  expect(counts.of('ten_acme')).toBe(1)
  other.res.emit('close')
  expect(counts.of('ten_acme')).toBe(0)
})

it('counts no request whose client is gone', () => {
  const counts = new InFlightCounts()
  const { req, res } = requestOf(ACME)
  vi.spyOn(res, 'closed', 'get').mockReturnValue(true)
  void counts.countInFlight(req, res, () => undefined)
  expect(counts.of('ten_acme')).toBe(0)
})
