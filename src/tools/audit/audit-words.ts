/** How the messages of the audit name options: as a caller of the functions writes them, or of the program. */
export interface AuditWords {
  /** The option itself: `except`, or `--except`. */
  option(name: 'except' | 'allowBefore' | 'allowShadow' | 'trustSkip'): string
  /** One of the values of an option: `except[1]`, or `--except`. */
  value(name: 'except' | 'allowBefore', index: number): string
  /** Where to see the paths of routes. */
  readonly listing: string
}

export const FUNCTION_WORDS: AuditWords = {
  option: (name) => `'${name}'`,
  value: (name, index) => `${name}[${index}]`,
  listing: 'formatRoutes(auditRoutes(app))',
}
