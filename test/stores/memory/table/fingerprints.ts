import { type Fingerprint, KeyHash } from '../../../../src/stores/memory/table/key-hash.ts'

const SECRET = Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8)

export function fingerprintText({ first, second, third }: Fingerprint): string {
  return [first, second, third].join()
}

/** Fingerprints as keys have them, the same ones every time. */
export function scatteredFingerprints(count: number): Fingerprint[] {
  const hash = new KeyHash(SECRET)
  return Array.from({ length: count }, (_, index) => {
    const { first, second, third } = hash.of(`client-${index}`)
    return { first, second, third }
  })
}

/**
 * Fingerprints that share a home in an index of whatever size, since they have the same first word. Their second
 * words share as many bits as they can, and the third ones are all different.
 */
export function crowdedFingerprints(first: number, count: number): Fingerprint[] {
  return Array.from({ length: count }, (_, index) => ({
    first,
    second: [0, 1 << 28, 1 << 29, 1 << 31][index % 4] ?? 0,
    third: index,
  }))
}
