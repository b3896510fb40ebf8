/** The page with an entry for each code of an error or a warning. */
const PAGE = 'https://express-tollgate.github.io/express-tollgate/errors'

/** A sentence with the address of the entry of a code. It ends with the address, so that a terminal makes it a link. */
export function documentedAt(code: string): string {
  // The address of a heading is in lower case.
  return `See ${PAGE}#${code.toLowerCase()}`
}
