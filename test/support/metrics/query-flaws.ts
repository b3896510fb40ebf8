import { type Series, seriesOf } from './exposition.ts'
import { namedIn } from './promql.ts'

/** The metrics, labels and label values that a query names and an exposition does not have. */
export function flawsOf(query: string, exposition: string): string[] {
  const series = seriesOf(exposition)
  const { selectors, grouping } = namedIn(query)
  if (selectors.length === 0) return [`names no metric: ${query}`]
  return selectors.flatMap(({ metric, matchers }) => {
    const own = series.filter((one) => one.metric === metric)
    if (own.length === 0) return [`no metric ${metric}`]
    const labels = [...grouping, ...matchers.map(({ label }) => label)]
    const unknown = labels.filter((label) => own.every((one) => one.labels[label] === undefined))
    const values = matchers.flatMap(({ label, values }) =>
      values.filter((value) => !hasValue(own, label, value)).map((value) => `${label}="${value}"`),
    )
    return [...unknown, ...values].map((missing) => `${metric} has no ${missing}`)
  })
}

function hasValue(series: readonly Series[], label: string, value: string): boolean {
  // A variable that the reader of the dashboard sets, and a pattern that matches every value.
  if (value.startsWith('$') || value === '.+') return true
  return series.some((one) => one.labels[label] === value)
}
