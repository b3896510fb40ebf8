import { DEFAULT_NAME } from '../../limits/limiter-description.ts'

/** The start of the names of a limiter's components: empty for the limiter named `default`. */
export function componentPrefix(limiterName: string): string {
  return limiterName === DEFAULT_NAME ? '' : pascalCase(limiterName)
}

/**
 * Letters and digits only, with a capital for each word: the name of a component may hold few other
 * characters (OpenAPI 3.1, 4.8.7).
 */
export function pascalCase(text: string): string {
  return text
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}
