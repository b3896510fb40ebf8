import { type Fingerprint, KeyHash } from '../../../../src/stores/memory/table/key-hash.ts'

const SECRET = Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8)

export function fingerprintText({ first, second, third }: Fingerprint): string {
  return [first, second, third].join()
}

/** The fingerprints of some keys, always the same. */
export function scatteredFingerprints(count: number): Fingerprint[] {
  const hash = new KeyHash(SECRET)
  return Array.from({ length: count }, (_, index) => {
    const { first, second, third } = hash.of(`client-${index}`)
    return { first, second, third }
  })
}

/**
 * Fingerprints with the same first word, and so with the same home in an index of any size. Their second words share as
 * many bits as they can, and their third words are all different.
 */
export function collidingFingerprints(first: number, count: number): Fingerprint[] {
  return Array.from({ length: count }, (_, index) => ({
    first,
    second: [0, 1 << 28, 1 << 29, 1 << 31][index % 4] ?? 0,
    third: index,
  }))
}
