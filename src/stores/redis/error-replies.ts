// Which errors show that Redis cannot serve anybody now.

/** Error replies start with a code in capital letters. Errors of a connection do not. */
export const REPLY_CODE: RegExp = /^[A-Z][A-Z0-9_]+(?= )/

/**
 * The codes of a server that cannot serve anybody now: it loads its data, is a replica, has lost its primary
 * or its cluster, cannot write, runs a script that does not end, or does not accept the password.
 */
const CODES_OF_OUTAGES: ReadonlySet<string> = new Set([
  'LOADING',
  'READONLY',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'NOREPLICAS',
  'MISCONF',
  'BUSY',
  'NOAUTH',
  'WRONGPASS',
])

/** To a command with more words or longer words than a client without a password may send. */
const UNAUTHENTICATED = /^ERR Protocol error: unauthenticated/

/** The error for a reply that does not name its cause, or else the reply itself. */
export function explainReply(error: unknown): unknown {
  if (!(error instanceof Error) || !UNAUTHENTICATED.test(error.message)) return error
  return new Error('NOAUTH Redis expects a password, and the client has sent none', { cause: error })
}

/**
 * Whether an error is a reply of a Redis that works: to a key of another type, of a script, of access control,
 * of a lack of memory.
 */
export function isReplyOfHealthyRedis(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const [code] = REPLY_CODE.exec(error.message) ?? []
  return code !== undefined && !CODES_OF_OUTAGES.has(code) && !UNAUTHENTICATED.test(error.message)
}

/** ioredis follows the redirections of a cluster, and rejects a command after many of them. */
const ON_THE_MOVE = /^(?:TRYAGAIN|Too many Cluster redirections\. Last error: \w+: (?:MOVED|ASK|TRYAGAIN)) /

/**
 * Whether the servers of a cluster have rejected a call with several keys because its slot moves from one to the other,
 * and only some of the keys have moved. None of them has run it.
 */
export function isSlotOnTheMove(error: unknown): boolean {
  return error instanceof Error && ON_THE_MOVE.test(error.message)
}
