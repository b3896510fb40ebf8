import { createHash } from 'node:crypto'
import { BAN } from './ban.ts'
import { BLOCK, UNBLOCK } from './block.ts'
import { COUNT } from './count.ts'
import { DECIDE } from './decide.ts'
import { ENTRY } from './entry.ts'
import { FIXED_WINDOW } from './fixed-window.ts'
import { HEAD } from './head.ts'
import { KEPT } from './kept.ts'
import { PRELUDE } from './prelude.ts'
import { REFUND } from './refund.ts'
import { SLIDING_WINDOW } from './sliding-window.ts'
import { TOKEN_BUCKET } from './token-bucket.ts'

/** A script that Redis knows by the digest of its text, once it has seen it. */
export interface Script {
  readonly source: string
  /** SHA-1 in hexadecimal digits, which is how EVALSHA names a script. */
  readonly sha: string
}

const COMMON = [KEPT, PRELUDE, FIXED_WINDOW, SLIDING_WINDOW, TOKEN_BUCKET, BAN, ENTRY].join('')

/** @param first decides what needs nothing of what all have in common */
function scriptOf(text: string, first = ''): Script {
  const source = (HEAD + first + COMMON + text).trim()
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

export const decideScript: Script = scriptOf(DECIDE, COUNT)
export const refundScript: Script = scriptOf(REFUND)
export const blockScript: Script = scriptOf(BLOCK)
export const unblockScript: Script = scriptOf(UNBLOCK)
