import { GROUPS, pathOf, SITE } from './pages.ts'

/** What the package is, in one sentence. */
export const ABOUT =
  'Rate limiting for Express that no endpoint can skip: exact Retry-After, addresses that cannot be forged, and a proof that every route is limited.'

/** The list of pages for language models, in the form of https://llmstxt.org. */
export function llmsText(): string {
  const groups = GROUPS.map(({ group, pages }) => {
    const lines = pages.map((page) => `- [${page.title}](${SITE}${pathOf(page)}): ${page.about}`)
    return `## ${group}\n\n${lines.join('\n')}\n`
  })
  return `# express-tollgate\n\n> ${ABOUT}\n\n${groups.join('\n')}`
}
