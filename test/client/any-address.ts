import fc from 'fast-check'

/** The 16-bit groups of an IPv6 address. */
export type Groups = readonly number[]

const group = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 15 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 0xffff }) },
)

/** Addresses in 2000::/3 that contain no IPv4 address (2002::/16 does), with runs of zeros in all positions. */
export const globalIPv6: fc.Arbitrary<Groups> = fc
  .tuple(fc.integer({ min: 0x2000, max: 0x3fff }), fc.array(group, { minLength: 7, maxLength: 7 }))
  .map(([first, rest]) => [first === 0x2002 ? 0x2003 : first, ...rest])

/** Any IPv4 address, as four bytes. */
export const anyIPv4: fc.Arbitrary<readonly number[]> = fc.array(fc.integer({ min: 0, max: 255 }), {
  minLength: 4,
  maxLength: 4,
})

/** One of the many spellings of an address that RFC 4291, 2.2 allows. */
export function anySpelling(groups: Groups): fc.Arbitrary<string> {
  return fc
    .record({
      padding: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 8, maxLength: 8 }),
      upperCase: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
      compressed: fc.option(fc.constantFrom(...zeroRuns(groups), undefined), { nil: undefined }),
      dottedTail: fc.boolean(),
      zone: fc.constantFrom('', '', '%eth0', '%1'),
    })
    .map(({ padding, upperCase, compressed, dottedTail, zone }) => {
      const texts = groups.map((value, index) => {
        const text = value.toString(16).padStart(padding[index] ?? 1, '0')
        return upperCase[index] ? text.toUpperCase() : text
      })
      const head = dottedTail ? texts.slice(0, 6) : texts
      // A run that extends into the dotted tail cannot be compressed.
      const run = compressed !== undefined && compressed.end <= head.length ? compressed : undefined
      const tail = dottedTail ? [dotted(groups.slice(6))] : []
      if (run === undefined) return [...head, ...tail].join(':') + zone
      const before = head.slice(0, run.start).join(':')
      return `${before}::${[...head.slice(run.end), ...tail].join(':')}${zone}`
    })
}

interface Run {
  readonly start: number
  readonly end: number
}

/** All runs of zeros, including parts of longer runs: `::` can replace any of them. */
function zeroRuns(groups: Groups): Run[] {
  const runs: Run[] = []
  for (let start = 0; start < groups.length; start++) {
    for (let end = start + 1; end <= groups.length && groups[end - 1] === 0; end++) runs.push({ start, end })
  }
  return runs
}

function dotted(pair: Groups): string {
  return pair.flatMap((value) => [value >> 8, value & 0xff]).join('.')
}
