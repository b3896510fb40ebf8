import { type Debugger, Session } from 'node:inspector'
import { findSourceMap } from 'node:module'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the source of a function begins. */
export interface SourceLocation {
  /** An absolute path. */
  readonly file: string
  /** From 1 on. */
  readonly line: number
}

/** A global variable in which the inspector finds the function that it is asked for. */
const SHARED_NAME = 'functionToLocateByExpressTollgate'

/**
 * Where functions were written, as V8 knows it. Nothing is recorded while the app runs: the inspector of this
 * process is asked once. A source map that Node has loaded leads to the original file.
 *
 * A function that a wrapper made (`wrap(handler)`) begins where the wrapper does. So a place where several of
 * the functions begin is no answer for any of them.
 *
 * @returns a location for each function that has one
 */
export function functionLocations(functions: readonly object[]): ReadonlyMap<object, SourceLocation> {
  const session = new Session()
  session.connect()
  try {
    const files = new Map<string, string>()
    session.on('Debugger.scriptParsed', ({ params }) => files.set(params.scriptId, params.url))
    session.post('Debugger.enable')
    const found = new Map<object, SourceLocation>()
    for (const one of new Set(functions)) {
      const position = positionOf(one, session)
      const location = position && originalLocation(files.get(position.scriptId) ?? '', position)
      if (location !== undefined) found.set(one, location)
    }
    return withoutWrappers(found)
  } finally {
    session.disconnect()
  }
}

/** The callbacks of a session with its own thread run before `post` returns. */
function positionOf(one: object, session: Session): Debugger.Location | undefined {
  const shared = globalThis as { [SHARED_NAME]?: object }
  let position: Debugger.Location | undefined
  shared[SHARED_NAME] = one
  session.post('Runtime.evaluate', { expression: SHARED_NAME }, (_error, evaluated) => {
    const objectId = evaluated?.result.objectId
    if (objectId === undefined) return
    session.post('Runtime.getProperties', { objectId }, (_failure, properties) => {
      const location = properties?.internalProperties?.find(({ name }) => name === '[[FunctionLocation]]')
      position = location?.value?.value
    })
  })
  delete shared[SHARED_NAME]
  return position
}

function originalLocation(
  url: string,
  { lineNumber, columnNumber = 0 }: Debugger.Location,
): SourceLocation | undefined {
  if (!url.startsWith('file:') && !url.startsWith('/')) return undefined
  const file = pathOf(url)
  const entry = findSourceMap(file)?.findEntry(lineNumber, columnNumber)
  if (entry === undefined || !('originalSource' in entry)) return { file, line: lineNumber + 1 }
  return { file: resolve(dirname(file), pathOf(entry.originalSource)), line: entry.originalLine + 1 }
}

function pathOf(urlOrPath: string): string {
  return urlOrPath.startsWith('file:') ? fileURLToPath(urlOrPath) : urlOrPath
}

function withoutWrappers(found: ReadonlyMap<object, SourceLocation>): ReadonlyMap<object, SourceLocation> {
  const counts = new Map<string, number>()
  const keyOf = ({ file, line }: SourceLocation): string => `${file}:${line}`
  for (const location of found.values()) {
    counts.set(keyOf(location), (counts.get(keyOf(location)) ?? 0) + 1)
  }
  return new Map([...found].filter(([, location]) => counts.get(keyOf(location)) === 1))
}
