/** Set by `npm run test:slow -- --full`. */
export const FULL_TESTS = 'TOLLGATE_FULL_TESTS'

/** Whether the slow tests run in their full length. */
export const areTestsFull: boolean = process.env[FULL_TESTS] === '1'
