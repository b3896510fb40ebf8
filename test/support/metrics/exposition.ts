/** One line of an exposition in Prometheus' text format. */
export interface Series {
  readonly metric: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

/** The series of an exposition in Prometheus' text format: all lines with numbers. */
export function seriesOf(exposition: string): Series[] {
  const lines = exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const [, metric = '', labelText = '', value = ''] = LINE.exec(line) ?? []
    if (metric === '') throw new Error(`not a line of an exposition: ${line}`)
    const labels = [...labelText.matchAll(LABEL)].map(([, name = '', text = '']) => [name, unescaped(text)])
    return { metric, labels: Object.fromEntries(labels), value: Number(value.replace('Inf', 'Infinity')) }
  })
}

/** The value of the series with exactly these labels. */
export function numberOf(exposition: string, metric: string, labels: Series['labels']): number | undefined {
  const wanted = sorted(labels)
  const found = seriesOf(exposition).filter((one) => one.metric === metric && sorted(one.labels) === wanted)
  if (found.length > 1) throw new Error(`${found.length} series of ${metric}${wanted}`)
  return found[0]?.value
}

function sorted(labels: Series['labels']): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
}
