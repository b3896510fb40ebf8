import type { Fingerprint } from '../../../../src/stores/memory/table/key-hash.ts'
import { RowStore } from '../../../../src/stores/memory/table/row-store.ts'

/** Rows with any numbers, which hold a fingerprint only. They count how often it is read and compared. */
export class FakeRows extends RowStore {
  readonly fingerprints: Map<number, Fingerprint> = new Map()
  asked = 0
  compared = 0

  override has(row: number, { first, second, third }: Fingerprint): boolean {
    this.compared++
    const known = this.fingerprints.get(row)
    return known?.first === first && known.second === second && known.third === third
  }

  override fingerprintOf(row: number): Fingerprint {
    this.asked++
    const known = this.fingerprints.get(row)
    if (known === undefined) throw new Error(`there is no row ${row}`)
    return known
  }
}
