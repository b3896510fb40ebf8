import { DEFAULT_NAME } from '../../options/class-policies.ts'

/** What the names of a limiter's components begin with: nothing for the limiter named `default`. */
export function prefixOf(limiterName: string): string {
  return limiterName === DEFAULT_NAME ? '' : pascalCase(limiterName)
}

/** Letters and digits, a capital for each word: all that names of components may hold for sure. */
export function pascalCase(text: string): string {
  return text
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}
