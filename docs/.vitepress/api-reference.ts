/**
 * Writes the API reference to docs/api, from the TSDoc of everything that package.json exports:
 *
 *   tsx docs/.vitepress/api-reference.ts
 */
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application, Converter, ReflectionKind, type TypeDocOptions } from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { library } from '../../tsup.config.ts'
import { REPOSITORY } from './repository-links.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const out = resolve(root, 'docs/api')

const options: Partial<TypeDocOptions & PluginOptions> = {
  entryPoints: Object.values(library).map((path) => resolve(root, path)),
  tsconfig: resolve(root, 'tsconfig.json'),
  basePath: root,
  displayBasePath: root,
  plugin: ['typedoc-plugin-markdown'],
  out,
  name: 'API reference',
  readme: 'none',
  excludeInternal: true,
  // The mark of a limiter is for other copies of this library.
  intentionallyNotExported: ['LIMITER_DESCRIPTION'],
  // `npm run typecheck` reports errors.
  skipErrorChecking: true,
  disableGit: true,
  sourceLinkTemplate: `${REPOSITORY}/blob/main/{path}#L{line}`,
  entryFileName: 'index',
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useHTMLEncodedBrackets: true,
  sanitizeComments: true,
  logLevel: 'Warn',
}

const app = await Application.bootstrapWithPlugins(options)
// A module has the name by which it is imported, and not the path of its source.
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const module of project.children ?? []) {
    const [stem = ''] =
      Object.entries(library).find(([, path]) => module.sources?.[0]?.fileName === path) ?? []
    module.name = stem === 'index' ? 'express-tollgate' : `express-tollgate/${stem}`
  }
})
// One link to the source for each page is enough.
app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
  for (const reflection of Object.values(project.reflections)) {
    if (reflection.parent?.isProject() || reflection.parent?.kindOf(ReflectionKind.Module)) continue
    if (reflection.isDeclaration() || reflection.isSignature()) delete reflection.sources
  }
})
const project = await app.convert()
if (project === undefined) throw new Error('TypeDoc made nothing of the entry points. Its messages say why.')
app.validate(project)
rmSync(out, { recursive: true, force: true })
await app.generateOutputs(project)
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1
