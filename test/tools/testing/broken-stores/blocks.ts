import { type BanState, banned } from '../../../../src/limits/ban.ts'
import type { Charge } from '../../../../src/stores/store.ts'
import { type Plan, SimpleStore } from '../simple-store.ts'
import { type BrokenStore, broken } from './broken-store.ts'

class BlocksNobody extends SimpleStore {
  override block(): void {
    // Nothing, and no error.
  }
}

class BlocksTheKnownOnly extends SimpleStore {
  override block(key: string, forMs: number): void {
    if (this.clients.has(key)) super.block(key, forMs)
  }
}

class BlocksTheNextToo extends SimpleStore {
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

class BlockForgetsUsed extends SimpleStore {
  override block(key: string, forMs: number): void {
    this.reset(key)
    super.block(key, forMs)
  }
}

class BlockFillsUp extends SimpleStore {
  protected override plan(charge: Charge): Plan {
    const plan = super.plan(charge)
    if (plan.ban !== undefined && plan.asked.every(({ allowed }) => allowed)) this.take(plan)
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

class ForgetsWhoHasTakenNothing extends SimpleStore {
  protected override plan(charge: Charge): Plan {
    for (const [key, { states }] of this.clients) if (states.size === 0 && key !== charge.key) this.reset(key)
    return super.plan(charge)
  }
}

class UnblockForgetsUsed extends SimpleStore {
  override unblock(key: string): void {
    this.reset(key)
  }
}

class UnblocksNobody extends SimpleStore {
  override unblock(): void {
    // Nothing, and no error.
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

const unknown = 'blocks a client that it has never seen, that one only, and until the time is over'
const replaces = 'replaces the ban that a client has by a block, be it longer or shorter'
const keepsUsed = 'leaves what a client has used as it was, through a block and after it'
const afterBlock = 'counts refusals from nothing after a block'
const longBlock = 'blocks for 30 days, longer than any timer and than a client is remembered for its limits'
const unblocks = 'ends a ban on unblock, and leaves what the client has used as it was'
const afterUnblock = 'counts refusals from nothing after an unblock'
const resetOne = 'forgets a ban and the refusals of one key on reset'
const resetAll = 'forgets every ban on resetAll'

export const BROKEN_BLOCKS: readonly BrokenStore[] = [
  broken('blocks nobody', BlocksNobody, unknown, replaces),
  broken('blocks clients only that it knows', BlocksTheKnownOnly, unknown),
  broken('blocks another client too', BlocksTheNextToo, unknown),
  broken('never shortens a ban', NeverShortensABan, replaces),
  broken('forgets what a blocked client has used', BlockForgetsUsed, keepsUsed),
  broken('charges a blocked client', BlockFillsUp, keepsUsed),
  broken('keeps refusals through a block', BlockKeepsRefusals, afterBlock),
  broken('blocks with a timer', BlocksWithATimer, longBlock),
  broken('forgets who has taken nothing', ForgetsWhoHasTakenNothing, longBlock),
  broken('forgets on unblock what was used', UnblockForgetsUsed, unblocks),
  broken('unblocks nobody', UnblocksNobody, unblocks),
  broken('unblocks all for one', UnblocksAll, unblocks),
  broken('keeps refusals through an unblock', UnblockKeepsRefusals, afterUnblock),
  broken('keeps a ban through a reset', ResetKeepsBans, resetOne),
  broken('keeps bans through resetAll', ResetAllKeepsBans, resetAll),
]
