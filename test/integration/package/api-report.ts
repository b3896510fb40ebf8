import { join } from 'node:path'
import { Extractor, ExtractorConfig, ExtractorLogLevel, type IConfigFile } from '@microsoft/api-extractor'
import { ROOT } from '../../support/project-files.ts'

const NO_MESSAGES = { default: { logLevel: ExtractorLogLevel.None } }

const messages: NonNullable<IConfigFile['messages']> = {
  compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
  tsdocMessageReporting: NO_MESSAGES,
  extractorMessageReporting: {
    ...NO_MESSAGES,
    'ae-forgotten-export': { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: false },
  },
}

function reportConfig(
  declarations: string,
  apiReport: NonNullable<IConfigFile['apiReport']>,
): ExtractorConfig {
  const configObject: IConfigFile = {
    projectFolder: ROOT,
    mainEntryPointFilePath: declarations,
    newlineKind: 'lf',
    compiler: {
      overrideTsconfig: {
        extends: join(ROOT, 'tsconfig.json'),
        // Only the built types: `paths` of tsconfig.json lead to the sources.
        compilerOptions: { paths: {}, isolatedDeclarations: false },
        include: [],
        files: [declarations],
      },
    },
    apiReport,
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages,
  }
  const packageJsonFullPath = join(ROOT, 'package.json')
  return ExtractorConfig.prepare({ configObject, configObjectFullPath: undefined, packageJsonFullPath })
}

/**
 * Writes the report of the public types of an entry point, `<stem>.api.md`, to a folder.
 *
 * @param scratch a folder for files that are needed only meanwhile
 * @returns the names of types that its types refer to, and that it does not export
 * @throws Error if its types in dist are missing or have errors
 */
export function writeApiReport(stem: string, folder: string, scratch: string): readonly string[] {
  const declarations = join(ROOT, `dist/${stem}.d.ts`)
  const notExported: string[] = []
  const config = reportConfig(declarations, {
    enabled: true,
    reportFileName: stem,
    reportFolder: folder,
    reportTempFolder: scratch,
  })
  const { succeeded } = Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      const name = /^The symbol "(\w+)" needs to be exported/.exec(message.text)?.[1]
      if (name !== undefined) notExported.push(name)
      message.handled = message.logLevel !== ExtractorLogLevel.Error
    },
  })
  if (!succeeded) throw new Error(`API Extractor made no report of dist/${stem}.d.ts. Run: npm run build`)
  return notExported
}
