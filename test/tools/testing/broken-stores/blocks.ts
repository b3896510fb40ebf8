import { type BanState, banned } from '../../../../src/limits/ban.ts'
import type { Charge } from '../../../../src/stores/store.ts'
import { type Plan, SimpleStore } from '../simple-store.ts'
import { type BrokenStore, broken } from './broken-store.ts'

class BlocksNobody extends SimpleStore {
  override block(): void {
    // Does nothing, and throws nothing.
  }
}

class BlocksKnownClientsOnly extends SimpleStore {
  override block(key: string, forMs: number): void {
    if (this.clients.has(key)) super.block(key, forMs)
  }
}

class BlocksAnotherClientToo extends SimpleStore {
  override block(key: string, forMs: number): void {
    super.block(key, forMs)
    super.block(`${key} 2`, forMs)
  }
}

class NeverShortensABan extends SimpleStore {
  override block(key: string, forMs: number): void {
    super.block(key, Math.max(forMs, this.banOf(this.clientOf(key))?.endsInMs ?? 0))
  }
}

class BlockForgetsUsedUnits extends SimpleStore {
  override block(key: string, forMs: number): void {
    this.reset(key)
    super.block(key, forMs)
  }
}

class ChargesBlockedClients extends SimpleStore {
  protected override plan(charge: Charge): Plan {
    const plan = super.plan(charge)
    if (plan.ban !== undefined && plan.results.every(({ allowed }) => allowed)) this.take(plan)
    return plan
  }
}

class BlockKeepsRefusals extends SimpleStore {
  override block(key: string, forMs: number): void {
    const client = this.clientOf(key)
    client.ban = { ...client.ban, ...banned(this.clock.now(), forMs) }
  }
}

class BlocksWithATimer extends SimpleStore {
  override block(key: string, forMs: number): void {
    super.block(key, forMs > 2 ** 31 - 1 ? 1 : forMs)
  }
}

class ForgetsClientsWithoutUsedUnits extends SimpleStore {
  protected override plan(charge: Charge): Plan {
    for (const [key, { states }] of this.clients) if (states.size === 0 && key !== charge.key) this.reset(key)
    return super.plan(charge)
  }
}

class UnblockForgetsUsedUnits extends SimpleStore {
  override unblock(key: string): void {
    this.reset(key)
  }
}

class UnblocksNobody extends SimpleStore {
  override unblock(): void {
    // Does nothing, and throws nothing.
  }
}

class UnblocksAll extends SimpleStore {
  override unblock(): void {
    for (const client of this.clients.values()) client.ban = undefined
  }
}

class UnblockKeepsRefusals extends SimpleStore {
  override unblock(key: string): void {
    const client = this.clientOf(key)
    const { refusals } = client.ban ?? {}
    client.ban = refusals === undefined ? undefined : { refusals }
  }
}

class ResetKeepsBans extends SimpleStore {
  readonly #bans = new Map<string, BanState | undefined>()
  override reset(key: string): void {
    this.#bans.set(key, this.clients.get(key)?.ban)
    super.reset(key)
    this.clientOf(key).ban = this.#bans.get(key)
  }
}

class ResetAllKeepsBans extends SimpleStore {
  override resetAll(): void {
    for (const { states } of this.clients.values()) states.clear()
  }
}

const blocksUnknownClients =
  'block() bans a client that the store has never seen, no other client, and only for the given time'
const replacesBans = 'block() replaces an existing ban, with a longer one or a shorter one'
const keepsUsedUnits = 'block() does not change the used units of a client, during the block or after it'
const blockForgetsRefusals = 'after a block() the count of refusals starts at zero'
const longBlock = 'block() can last 30 days, longer than any timer and longer than the ttlMs of the limits'
const unblocks = 'unblock() ends the ban of one client, and does not change its used units'
const unblockForgetsRefusals = 'after an unblock() the count of refusals starts at zero'
const resetEndsBan = 'reset() forgets the ban and the refusals of one key'
const resetAllEndsBans = 'resetAll() forgets every ban'

export const BROKEN_BLOCKS: readonly BrokenStore[] = [
  broken('blocks nobody', BlocksNobody, blocksUnknownClients, replacesBans),
  broken('blocks only clients that it has seen', BlocksKnownClientsOnly, blocksUnknownClients),
  broken('blocks another client too', BlocksAnotherClientToo, blocksUnknownClients),
  broken('never shortens a ban', NeverShortensABan, replacesBans),
  broken('forgets the used units of a blocked client', BlockForgetsUsedUnits, keepsUsedUnits),
  broken('charges a blocked client', ChargesBlockedClients, keepsUsedUnits),
  broken('remembers refusals after a block', BlockKeepsRefusals, blockForgetsRefusals),
  broken('ends a block with a timer', BlocksWithATimer, longBlock),
  broken('forgets clients without used units', ForgetsClientsWithoutUsedUnits, longBlock),
  broken('forgets the used units of a client in unblock()', UnblockForgetsUsedUnits, unblocks),
  broken('unblocks nobody', UnblocksNobody, unblocks),
  broken('unblocks all clients in unblock()', UnblocksAll, unblocks),
  broken('remembers refusals after an unblock', UnblockKeepsRefusals, unblockForgetsRefusals),
  broken('keeps a ban in reset()', ResetKeepsBans, resetEndsBan),
  broken('keeps bans in resetAll()', ResetAllKeepsBans, resetAllEndsBans),
]
