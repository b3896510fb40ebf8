import { describe, expect, it } from 'vitest'
import {
  explainReply,
  isReplyOfHealthyRedis,
  isSlotOnTheMove,
} from '../../../src/stores/redis/error-replies.ts'

describe('isReplyOfHealthyRedis', () => {
  it.each([
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    'ERR user_script:12: attempt to index a nil value script: 0123456789',
    'ERR Error running script (call to f_0123): @user_script:1: user_script:1: bad data',
    "OOM command not allowed when used memory > 'maxmemory'.",
    "NOPERM this user has no permissions to run the 'evalsha' command",
    'NOSCRIPT No matching script. Please use EVAL.',
    'MOVED 1234 127.0.0.1:7001',
    "CROSSSLOT Keys in request don't hash to the same slot",
  ])('is true for a reply that concerns a command (threat 37): %s', (message) => {
    expect(isReplyOfHealthyRedis(new Error(message))).toBe(true)
  })

  it.each([
    'LOADING Redis is loading the dataset in memory',
    "READONLY You can't write against a read only replica.",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'CLUSTERDOWN The cluster is down',
    'NOREPLICAS Not enough good replicas to write.',
    'MISCONF Redis is configured to save RDB snapshots, but it cannot.',
    'BUSY Redis is busy running a script.',
    'NOAUTH Authentication required.',
    'ERR Protocol error: unauthenticated multibulk length',
    'WRONGPASS invalid username-password pair or user is disabled.',
  ])('is false for a reply of a server that can serve nobody: %s', (message) => {
    expect(isReplyOfHealthyRedis(new Error(message))).toBe(false)
  })

  it.each([
    'connect ECONNREFUSED 127.0.0.1:6379',
    'read ECONNRESET',
    'Connection is closed.',
    'Socket closed unexpectedly',
    'Command timed out',
    "Stream isn't writeable and enableOfflineQueue options is false",
    'Redis is not connected: the client is connecting',
    'ECONNREFUSED',
    '',
  ])('is false for an error of the connection: %s', (message) => {
    expect(isReplyOfHealthyRedis(new Error(message))).toBe(false)
  })

  it.each([undefined, null, 'WRONGTYPE Operation', { message: 'WRONGTYPE Operation' }])(
    'is false for a value that is no error: %j',
    (value) => {
      expect(isReplyOfHealthyRedis(value)).toBe(false)
    },
  )
})

describe('explainReply', () => {
  it('names the missing password of a client whose command has more words than it may send', () => {
    const error = new Error('ERR Protocol error: unauthenticated multibulk length')
    expect(explainReply(error)).toMatchObject({
      message: 'NOAUTH Redis expects a password, and the client has sent none',
      cause: error,
    })
  })

  it.each([new Error('OOM command not allowed'), 'gone', undefined])(
    'answers any other value itself: %s',
    (error) => {
      expect(explainReply(error)).toBe(error)
    },
  )
})

describe('isSlotOnTheMove', () => {
  const TRYAGAIN = 'TRYAGAIN Multiple keys request during rehashing of slot'

  it.each([
    TRYAGAIN,
    `Too many Cluster redirections. Last error: ReplyError: ${TRYAGAIN}`,
    'Too many Cluster redirections. Last error: ReplyError: MOVED 15219 127.0.0.1:46841',
    'Too many Cluster redirections. Last error: ReplyError: ASK 15219 127.0.0.1:46841',
  ])('is true for an error after which Redis has run nothing: %s', (message) => {
    expect(isSlotOnTheMove(new Error(message))).toBe(true)
  })

  it.each([
    new Error('Connection is closed.'),
    new Error('Too many Cluster redirections. Last error: Error: Connection is closed.'),
    new Error('CLUSTERDOWN The cluster is down'),
    new Error(`ERR ${TRYAGAIN}`),
    TRYAGAIN,
  ])('is false for any other error: %s', (error) => {
    expect(isSlotOnTheMove(error)).toBe(false)
  })
})
