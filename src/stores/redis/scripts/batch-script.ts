// The script of the store, with the digest of its text.

import { createHash } from 'node:crypto'
import { assembleScript } from './assemble-script.ts'

// The build replaces the call of assembleScript by its result: see tsup.config.ts.
/** The text of the script. */
export const BATCH_SCRIPT: string = assembleScript(new URL('./batch.lua', import.meta.url))

/** SHA-1 in hexadecimal digits. EVALSHA names a script by it, after Redis has received the text once. */
export const BATCH_SCRIPT_SHA: string = createHash('sha1').update(BATCH_SCRIPT).digest('hex')
