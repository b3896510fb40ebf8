import { buildLibrary } from './build-library.ts'
import { checkPort } from './http/listen.ts'
import { readSettings } from './settings.ts'

// What `npm start` runs. The example imports the library by its name, and so from dist/. A setting or a port
// with which the server cannot start is reported before the build.
try {
  const { port } = readSettings(process.env)
  await checkPort(port)
  console.log('Building express-tollgate into dist/, without type declarations. This takes some seconds.\n')
  await buildLibrary('dist')
  await import('./main.ts')
} catch (error) {
  console.error(`agentwatch does not start: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
