import { arrayReply, errorReply, integerReply, NIL_REPLY, statusReply, textReply } from './resp.ts'
import type { Answer, Scenario } from './scripted-redis.ts'

/** The package of a client. */
export type ClientKind = 'ioredis' | 'node-redis'

/** The package of one of `CLIENTS`. The function that sends commands uses node-redis. */
export function kindOf(client: string): ClientKind {
  return client.startsWith('ioredis') ? 'ioredis' : 'node-redis'
}

/** A failure of Redis that repeats for each command, and its effect on a limiter. */
export interface Fault {
  readonly scenario: Scenario
  /** The commands that one request sends. */
  readonly sent: readonly string[]
  /**
   * The message of the error, for all clients or for each package. Undefined if the limiter gets no answer in
   * time.
   */
  readonly message: string | Readonly<Record<ClientKind, string>> | undefined
  /** Whether the error shows that Redis works. Then it does not open the circuit breaker. */
  readonly isAlive?: boolean
  /** What the connection needs to work again, besides answers: the late replies, or a new connection. */
  readonly heals?: 'release' | 'reset'
}

/** The reply to an allowed charge: 2 of 3 units left for a minute, and three receipt numbers. */
const NUMBERS = [1, 0, 0, -1, 0, 2, 60_000, 0, 0, 0]

const ALLOWED_ONE = arrayReply(NUMBERS.map(integerReply))

/** The reply to a call with one operation. */
export const ALLOWED: string = arrayReply([ALLOWED_ONE])

/** The answer to each of the operations of a call. */
const allowing: Scenario = ([name, , keys]) => ({
  text:
    name === 'DEL' ? integerReply(1) : arrayReply(Array.from({ length: Number(keys) }, () => ALLOWED_ONE)),
})

export const NOSCRIPT = 'NOSCRIPT No matching script. Please use EVAL.'

const HALF = ALLOWED.slice(0, 26)
const REST = ALLOWED.slice(26)

const always =
  (answer: Answer): Scenario =>
  () =>
    answer

const failed = (message: string): string => `the store failed: ${message}. Look at the store and its logs.`

const unexpected = (shown: string, expected: string): string =>
  `Redis answered ${shown} instead of ${expected}. Check whether a proxy or the client changes the replies of Redis.`

const error = (message: string): Fault => ({
  scenario: always({ text: errorReply(message) }),
  sent: ['EVALSHA'],
  message: failed(message),
})

const aliveError = (message: string): Fault => ({ ...error(message), isAlive: true })

/** A reply to a call with one operation that is no list of one answer. */
const shape = (text: string, shown: string): Fault => ({
  scenario: always({ text }),
  sent: ['EVALSHA'],
  message: unexpected(shown, 'a list of 1 answers'),
})

/** An answer to an operation that is not what the script answers. */
const answerShape = (text: string, shown: string): Fault => ({
  scenario: always({ text: arrayReply([text]) }),
  sent: ['EVALSHA'],
  message: unexpected(shown, '7 integers or more'),
})

/** The operation fails, and the call does not. */
const operationError = (message: string): Fault => ({
  scenario: always({ text: arrayReply([textReply(message)]) }),
  sent: ['EVALSHA'],
  message: failed(message),
})

/** The message of each package if a connection ends before the answer. */
export const HUNG_UP: Readonly<Record<ClientKind, string>> = {
  ioredis: failed(
    'Reached the max retries per request limit (which is 0). ' +
      'Refer to "maxRetriesPerRequest" option for details.',
  ),
  'node-redis': failed('Socket closed unexpectedly'),
}

/** Redis works. */
export const NO_FAULT: Scenario = allowing

export const FAULTS: Readonly<Record<string, Fault>> = {
  'is out of memory': aliveError("OOM command not allowed when used memory > 'maxmemory'."),
  'is a replica': error("READONLY You can't write against a read only replica."),
  'loads its data': error('LOADING Redis is loading the dataset in memory'),
  'is part of a cluster that is down': error('CLUSTERDOWN The cluster is down'),
  'cannot write to its disk': error('MISCONF Redis is configured to save RDB snapshots, but it cannot.'),
  'is busy with a script': error('BUSY Redis is busy running a script.'),
  'finds something else under the key': aliveError(
    'WRONGTYPE Operation against a key holding the wrong kind of value',
  ),
  'runs a script that fails': aliveError('ERR user_script:1: attempt to compare nil with number'),
  'forbids scripts': aliveError("NOPERM this user has no permissions to run the 'evalsha' command"),
  'does not know a script, also after it received the script': {
    scenario: always({ text: errorReply(NOSCRIPT) }),
    sent: ['EVALSHA', 'EVAL'],
    message: failed(NOSCRIPT),
    isAlive: true,
  },
  'is out of memory for a script': {
    scenario: ([name]) => ({
      text: errorReply(name?.toUpperCase() === 'EVALSHA' ? NOSCRIPT : 'OOM command not allowed'),
    }),
    sent: ['EVALSHA', 'EVAL'],
    message: failed('OOM command not allowed'),
    isAlive: true,
  },
  'is out of memory for an operation': { ...operationError('OOM command not allowed'), isAlive: true },
  'is a replica, and says so to an operation': operationError(
    "READONLY You can't write against a read only replica.",
  ),
  'answers a text': shape(textReply('OK'), "'OK'"),
  'answers a status': shape(statusReply('OK'), "'OK'"),
  'answers an integer': shape(integerReply(1), '1'),
  'answers nil': shape(NIL_REPLY, 'null'),
  'answers an empty array': shape(arrayReply([]), '[]'),
  'answers too many operations': shape(
    arrayReply([arrayReply([integerReply(1)]), arrayReply([integerReply(1)])]),
    '[[1],[1]]',
  ),
  'answers an operation with an integer': answerShape(integerReply(1), '[1]'),
  'answers an operation with nil': answerShape(NIL_REPLY, 'null'),
  'answers an operation with an empty array': answerShape(arrayReply([]), '[]'),
  'answers an array too short': answerShape(
    arrayReply(NUMBERS.slice(0, 6).map(integerReply)),
    '[1,0,0,-1,0,2]',
  ),
  'answers an array in an array': answerShape(ALLOWED, '[[1,0,0,-1,0,2,60000,0,0,0]]'),
  'answers nil among integers': answerShape(
    arrayReply([...NUMBERS.slice(0, 6).map(integerReply), NIL_REPLY]),
    '[1,0,0,-1,0,2,null]',
  ),
  'answers fractions as texts': answerShape(
    arrayReply(['1', '0', '0', '-1', '0', '2.5', '59.9'].map(textReply)),
    '["1","0","0","-1","0","2.5","59.9"]',
  ),
  'answers integers that a double cannot hold': answerShape(
    arrayReply([...[1, 0, 0, -1, 0].map(integerReply), textReply('9007199254740993'), textReply('60000')]),
    '[1,0,0,-1,0,"9007199254740993","60000"]',
  ),
  'answers a negative remainder': {
    scenario: always({
      text: arrayReply([arrayReply([1, 0, 0, -1, 0, -2, 60_000, 0, 0, 0].map(integerReply))]),
    }),
    sent: ['EVALSHA'],
    message: failed(
      'it answered {"name":"read","limit":3,"remaining":-2,"resetMs":60000} for the limit \'read\'',
    ),
  },
  'hangs up before it answers': { scenario: always({ hangsUp: true }), sent: ['EVALSHA'], message: HUNG_UP },
  'hangs up in the middle of an answer': {
    scenario: always({ text: HALF, hangsUp: true }),
    sent: ['EVALSHA'],
    message: HUNG_UP,
  },
  'answers too late': {
    scenario: always({ later: ALLOWED }),
    sent: ['EVALSHA'],
    message: undefined,
    heals: 'release',
  },
  'fails too late': {
    scenario: always({ later: errorReply("OOM command not allowed when used memory > 'maxmemory'.") }),
    sent: ['EVALSHA'],
    message: undefined,
    heals: 'release',
  },
  'answers too late that it does not know the script': {
    scenario: always({ later: errorReply(NOSCRIPT) }),
    sent: ['EVALSHA'],
    message: undefined,
    heals: 'release',
  },
  'stops in the middle of an answer': {
    scenario: (_words, turn) => (turn === 0 ? { text: HALF, later: REST } : { later: ALLOWED }),
    sent: ['EVALSHA'],
    message: undefined,
    heals: 'release',
  },
  'never answers': { scenario: always({}), sent: ['EVALSHA'], message: undefined, heals: 'reset' },
}

const garbage = (message: string | undefined): Fault => ({
  scenario: always({ text: '\x00\xffgarbage\r\n\r\n' }),
  sent: ['EVALSHA'],
  message,
  // ioredis leaves a connection with invalid bytes. node-redis waits until the connection ends.
  ...(message === undefined ? { heals: 'reset' } : {}),
})

/** Bytes that are no reply, for each client. */
export const GARBAGE: Readonly<Record<string, Fault>> = {
  'ioredis 5': garbage(failed('Protocol error, got "\\u0000" as reply type byte. Please report this.')),
  'ioredis 6': garbage(failed('Unknown RESP type 0 "\x00". Please report this.')),
  'node-redis 5': garbage(undefined),
  'node-redis 6': garbage(undefined),
}
