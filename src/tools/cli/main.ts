#!/usr/bin/env node
import { runProgram } from './program.ts'
import { EXIT } from './terminal.ts'

/** What a shell says of a program that was ended by SIGPIPE. */
const READER_IS_GONE = 141

const { stdin, stdout, stderr } = process

/** Ends the program when its results can no longer be written; a reader that has enough is no mistake of anybody's. */
function endUnwritten(error: NodeJS.ErrnoException): void {
  process.exit(error.code === 'EPIPE' ? READER_IS_GONE : EXIT.misused)
}

stdout.on('error', endUnwritten)
// An app that is audited may fail on its own time, and 1 has a meaning here.
process.on('uncaughtException', (error) => {
  stderr.write(`express-tollgate: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`)
  process.exit(EXIT.misused)
})

void runProgram(process.argv.slice(2), { input: stdin, output: stdout, messages: stderr }).then((code) => {
  // An app that was audited may have left a server or timers behind; what is written must get out first.
  stdout.write('', (error) => {
    if (error) endUnwritten(error)
    process.exit(code)
  })
})
