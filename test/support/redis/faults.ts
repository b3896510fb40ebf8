import { arrayReply, errorReply, integerReply, NIL_REPLY, statusReply, textReply } from './resp.ts'
import type { Answer, Scenario } from './scripted-redis.ts'

/** Who made a client. */
export type ClientKind = 'ioredis' | 'node-redis'

/** The kind of one of `CLIENTS`; a function to send commands is made of node-redis there. */
export function kindOf(client: string): ClientKind {
  return client.startsWith('ioredis') ? 'ioredis' : 'node-redis'
}

/** A way in which Redis fails one command after another, and what a limiter makes of it. */
export interface Fault {
  readonly scenario: Scenario
  /** Commands that one request causes. */
  readonly sent: readonly string[]
  /** What the limiter says: the message, or that of each kind of client; `undefined` where it waits in vain. */
  readonly message: string | Readonly<Record<ClientKind, string>> | undefined
  /** What makes the connection good again, beside answers: nothing, what is still to come, or a new connection. */
  readonly heals?: 'release' | 'reset'
}

/** A charge of one unit, admitted: 2 of 3 left, for a minute; and three numbers for a receipt. */
const NUMBERS = [1, 0, 0, -1, 0, 2, 60_000, 0, 0, 0]

export const ADMITTED: string = arrayReply(NUMBERS.map(integerReply))

const admitting: Scenario = ([name]) => ({ text: name === 'DEL' ? integerReply(1) : ADMITTED })

export const NOSCRIPT = 'NOSCRIPT No matching script. Please use EVAL.'

const HALF = ADMITTED.slice(0, 22)
const REST = ADMITTED.slice(22)

const always =
  (answer: Answer): Scenario =>
  () =>
    answer

const failed = (message: string): string => `the store failed: ${message}. Look at the store and its logs.`

const strange = (shown: string): string =>
  `Redis answered ${shown} instead of 7 integers or more. ` +
  'See whether a proxy stands before it, or a client that changes replies.'

const error = (message: string): Fault => ({
  scenario: always({ text: errorReply(message) }),
  sent: ['EVALSHA'],
  message: failed(message),
})

const shape = (text: string, shown: string): Fault => ({
  scenario: always({ text }),
  sent: ['EVALSHA'],
  message: strange(shown),
})

/** What clients say when a connection ends before the answer. */
export const HUNG_UP: Readonly<Record<ClientKind, string>> = {
  ioredis: failed(
    'Reached the max retries per request limit (which is 0). ' +
      'Refer to "maxRetriesPerRequest" option for details.',
  ),
  'node-redis': failed('Socket closed unexpectedly'),
}

/** Everything in order. */
export const NO_FAULT: Scenario = admitting

export const FAULTS: Readonly<Record<string, Fault>> = {
  'is out of memory': error("OOM command not allowed when used memory > 'maxmemory'."),
  'is a replica': error("READONLY You can't write against a read only replica."),
  'loads its data': error('LOADING Redis is loading the dataset in memory'),
  'is part of a cluster that is down': error('CLUSTERDOWN The cluster is down'),
  'cannot write to its disk': error('MISCONF Redis is configured to save RDB snapshots, but it cannot.'),
  'is busy with a script': error('BUSY Redis is busy running a script.'),
  'finds something else under the key': error(
    'WRONGTYPE Operation against a key holding the wrong kind of value',
  ),
  'forbids scripts': error("NOPERM this user has no permissions to run the 'evalsha' command"),
  'knows no script, not even the one it was sent': {
    scenario: always({ text: errorReply(NOSCRIPT) }),
    sent: ['EVALSHA', 'EVAL'],
    message: failed(NOSCRIPT),
  },
  'is out of memory for a script': {
    scenario: ([name]) => ({
      text: errorReply(name?.toUpperCase() === 'EVALSHA' ? NOSCRIPT : 'OOM command not allowed'),
    }),
    sent: ['EVALSHA', 'EVAL'],
    message: failed('OOM command not allowed'),
  },
  'answers a text': shape(textReply('OK'), "'OK'"),
  'answers a status': shape(statusReply('OK'), "'OK'"),
  'answers an integer': shape(integerReply(1), '1'),
  'answers nil': shape(NIL_REPLY, 'null'),
  'answers an empty array': shape(arrayReply([]), '[]'),
  'answers an array too short': shape(arrayReply(NUMBERS.slice(0, 6).map(integerReply)), '[1,0,0,-1,0,2]'),
  'answers an array in an array': shape(arrayReply([ADMITTED]), '[[1,0,0,-1,0,2,60000,0,0,0]]'),
  'answers nil among integers': shape(
    arrayReply([...NUMBERS.slice(0, 6).map(integerReply), NIL_REPLY]),
    '[1,0,0,-1,0,2,null]',
  ),
  'answers fractions as texts': shape(
    arrayReply(['1', '0', '0', '-1', '0', '2.5', '59.9'].map(textReply)),
    '["1","0","0","-1","0","2.5","59.9"]',
  ),
  'answers integers that a double cannot hold': shape(
    arrayReply([...[1, 0, 0, -1, 0].map(integerReply), textReply('9007199254740993'), textReply('60000')]),
    '[1,0,0,-1,0,"9007199254740993","60000"]',
  ),
  'answers a negative remainder': {
    scenario: always({ text: arrayReply([1, 0, 0, -1, 0, -2, 60_000, 0, 0, 0].map(integerReply)) }),
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
    scenario: always({ later: ADMITTED }),
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
  'does not know the script, and says so too late': {
    scenario: always({ later: errorReply(NOSCRIPT) }),
    sent: ['EVALSHA'],
    message: undefined,
    heals: 'release',
  },
  'stops in the middle of an answer': {
    scenario: (_words, turn) => (turn === 0 ? { text: HALF, later: REST } : { later: ADMITTED }),
    sent: ['EVALSHA'],
    message: undefined,
    heals: 'release',
  },
  'says nothing at all': { scenario: always({}), sent: ['EVALSHA'], message: undefined, heals: 'reset' },
}

const garbage = (message: string | undefined): Fault => ({
  scenario: always({ text: '\x00\xffgarbage\r\n\r\n' }),
  sent: ['EVALSHA'],
  message,
  // One kind of client leaves a connection that speaks nonsense; the other waits, until somebody ends it.
  ...(message === undefined ? { heals: 'reset' } : {}),
})

/** Bytes that are no answer, to each client. */
export const GARBAGE: Readonly<Record<string, Fault>> = {
  'ioredis 5': garbage(failed('Protocol error, got "\\u0000" as reply type byte. Please report this.')),
  'ioredis 6': garbage(failed('Unknown RESP type 0 "\x00". Please report this.')),
  'node-redis 5': garbage(undefined),
  'node-redis 6': garbage(undefined),
}
