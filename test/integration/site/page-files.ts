import { filesBelow } from '../../support/project-files.ts'

/** The pages of docs, as paths from that folder. The API reference is made, and not written. */
export function pageFiles(): string[] {
  return filesBelow('docs')
    .map((path) => path.slice('docs/'.length))
    .filter((path) => path.endsWith('.md') && !path.startsWith('api/'))
}
