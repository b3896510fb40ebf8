/** What a PromQL query names. */
export interface NamedInQuery {
  /** Each metric of ours, with the labels that its selector asks for and the values that it takes of each. */
  readonly selectors: readonly {
    readonly metric: string
    readonly matchers: readonly { readonly label: string; readonly values: readonly string[] }[]
  }[]
  /** The labels that are grouped by. */
  readonly grouping: readonly string[]
}

const SELECTOR = /\b(tollgate_\w+)(?:\{([^}]*)\})?/g
const MATCHER = /(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g
const GROUPING = /\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g

/** The metrics and labels that a query names. Knows as much of PromQL as our dashboard and alerts are written in. */
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
