import express from 'express'
import express4 from 'express4'

/** The versions of Express on which every acceptance test runs. */
export const EXPRESS_VERSIONS: ReadonlyArray<readonly [string, typeof express]> = [
  ['Express 4', express4],
  ['Express 5', express],
]
