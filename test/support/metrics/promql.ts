/** The names in a PromQL query. */
export interface NamedInQuery {
  /**
   * Each metric of this library, with the labels of its selector and the values that they are compared with.
   */
  readonly selectors: readonly {
    readonly metric: string
    readonly matchers: readonly { readonly label: string; readonly values: readonly string[] }[]
  }[]
  /** The labels of grouping clauses. */
  readonly grouping: readonly string[]
}

const SELECTOR = /\b(tollgate_\w+)(?:\{([^}]*)\})?/g
const MATCHER = /(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g
const GROUPING = /\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g

/**
 * The metrics and labels that a query names. Covers the part of PromQL that the dashboard and the alerts use.
 */
export function namedIn(query: string): NamedInQuery {
  const selectors = [...query.matchAll(SELECTOR)].map(([, metric = '', matcherText = '']) => ({
    metric,
    matchers: [...matcherText.matchAll(MATCHER)].map(([, label = '', values = '']) => ({
      label,
      values: values.split('|'),
    })),
  }))
  const grouping = [...query.matchAll(GROUPING)].flatMap(([, labels = '']) =>
    labels.split(',').map((label) => label.trim()),
  )
  return { selectors, grouping }
}
