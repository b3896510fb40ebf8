#!/usr/bin/env node
import { printableLines } from './printable-text.ts'
import { runProgram } from './program.ts'
import { EXIT_CODES } from './terminal.ts'

/** The code that a shell reports for a program that SIGPIPE ended: 128 + 13. */
const SIGPIPE_EXIT_CODE = 141

const { stdin, stdout, stderr } = process
// Kept here, because an audited app must not write among the results: see load-module.ts.
const writeResult = stdout.write.bind(stdout)

/**
 * Ends the program when its results can no longer be written. A reader that closed the pipe early is no
 * error.
 */
function exitAfterWriteError(error: NodeJS.ErrnoException): void {
  process.exit(error.code === 'EPIPE' ? SIGPIPE_EXIT_CODE : EXIT_CODES.error)
}

stdout.on('error', exitAfterWriteError)
// An audited app may throw at any time. Node would exit with 1 then, and 1 means an unlimited route.
process.on('uncaughtException', (error) => {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  stderr.write(`express-tollgate: ${printableLines(text)}\n`)
  process.exit(EXIT_CODES.error)
})

/** An audited module that never settles, or that ends the process itself, must not look like a passed audit. */
function failWithoutResult(code: number): void {
  if (code !== EXIT_CODES.success) return
  stderr.write(
    'express-tollgate: the process ended before there was a result. Let the audited module export the app without ending the process, and without waiting for other servers.\n',
  )
  process.exitCode = EXIT_CODES.error
}

process.on('exit', failWithoutResult)

void runProgram(process.argv.slice(2), {
  input: stdin,
  output: { write: writeResult },
  messages: stderr,
}).then((exitCode) => {
  process.off('exit', failWithoutResult)
  // An audited app may have left a server or timers open, so the program must exit by itself: once all is
  // written.
  writeResult('', (error) => {
    if (error) exitAfterWriteError(error)
    process.exit(exitCode)
  })
})
