// The scripts of the store, each with the digest of its text.

import { createHash } from 'node:crypto'
import { assembleScript } from './assemble-script.ts'

/** A script that Redis knows by the digest of its text after it has received the text once. */
export interface Script {
  readonly source: string
  /** SHA-1 in hexadecimal digits. EVALSHA names a script by it. */
  readonly sha: string
}

function scriptOf(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

// The build replaces each call of assembleScript by its result: see tsup.config.ts.
export const decideScript: Script = scriptOf(assembleScript(new URL('./decide.lua', import.meta.url)))
export const settleScript: Script = scriptOf(assembleScript(new URL('./settle.lua', import.meta.url)))
export const blockScript: Script = scriptOf(assembleScript(new URL('./block.lua', import.meta.url)))
export const unblockScript: Script = scriptOf(assembleScript(new URL('./unblock.lua', import.meta.url)))
