import { describe, expect, it } from 'vitest'
import { barChart, OTHERS_COLOUR, OURS_COLOUR, TEXT_COLOUR } from './bar-chart.ts'

const CHART = {
  title: 'One decision',
  unit: 'nanoseconds',
  legend: 'less is better',
  bars: [
    { label: 'ours', value: 50, isOurs: true },
    { label: 'theirs', value: 200, isOurs: false },
    { label: 'nothing', value: 0, isOurs: false },
  ],
}

/** Relative luminance of a colour such as #2f7de1 (WCAG 2.2). */
function luminanceOf(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

describe('a bar chart', () => {
  it('has bars as long as their values, the longest 370 wide, and none that cannot be seen', () => {
    const widths = [...barChart(CHART).matchAll(/<rect [^>]*width="(\d+)"/g)].map(([, width]) =>
      Number(width),
    )
    expect(widths).toEqual([93, 370, 1])
  })

  it('says what it shows: title, unit, labels, figures and legend', () => {
    const texts = [...barChart(CHART).matchAll(/<text [^>]*>(.*)<\/text>/g)].map(([, text]) =>
      text?.replace(/<[^>]*>/g, ''),
    )
    const figures = ['ours', '50.0', 'theirs', '200', 'nothing', '0']
    expect(texts).toEqual(['One decision, nanoseconds', ...figures, 'less is better'])
    expect(barChart(CHART)).toContain('<title>One decision, nanoseconds</title>')
  })

  it('has ours in a colour of its own', () => {
    const colours = [...barChart(CHART).matchAll(/<rect [^>]*fill="([^"]+)"/g)].map(([, colour]) => colour)
    expect(colours).toEqual([OURS_COLOUR, OTHERS_COLOUR, OTHERS_COLOUR])
  })

  it('can be read on white and on the dark of GitHub', () => {
    for (const background of ['#ffffff', '#0d1117']) {
      expect(contrast(TEXT_COLOUR, background)).toBeGreaterThan(4)
      // Graphics need less than text (WCAG 2.2, 1.4.11), where what they say is written beside them too.
      expect(contrast(OURS_COLOUR, background)).toBeGreaterThan(3)
      expect(contrast(OTHERS_COLOUR, background)).toBeGreaterThan(2.5)
    }
  })

  it('stays below 6 kB with twelve bars', () => {
    const bar = { label: 'rate-limiter-flexible, IPv6', value: 123_456, isOurs: true }
    const svg = barChart({ ...CHART, bars: Array.from({ length: 12 }, () => bar) })
    expect(Buffer.byteLength(svg)).toBeLessThan(6000)
  })

  it('lets no text become markup', () => {
    const svg = barChart({
      ...CHART,
      title: 'a < b & "c"',
      bars: [{ label: '</svg>', value: 1, isOurs: true }],
    })
    expect(svg).toContain('a &#60; b &#38; &#34;c&#34;')
    expect(svg.match(/<\/svg>/g)).toHaveLength(1)
  })

  it.each([[[Number.NaN]], [[-1, 2]], [[Number.POSITIVE_INFINITY]], [[]]])(
    'draws no bars of %j',
    (values) => {
      const bars = values.map((value) => ({ label: 'x', value, isOurs: false }))
      expect(() => barChart({ ...CHART, bars })).toThrow(
        new RangeError('A bar takes a finite value of at least 0.'),
      )
    },
  )

  it('draws zeros', () => {
    const svg = barChart({ ...CHART, bars: [{ label: 'x', value: 0, isOurs: false }] })
    expect(svg).toMatch(/<rect [^>]*width="1"/)
  })
})
