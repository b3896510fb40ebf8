/**
 * The fragment of a heading, as GitHub makes it: a link to a heading works in the repository and on the site.
 * A heading that a page has twice gets `-1` at its second place.
 */
export function headingSlug(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-')
}
