import { Cluster as Cluster6, Redis as Redis6 } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5'
import { RedisStore as RedisStoreOfRateLimitRedis } from 'rate-limit-redis'
import * as nodeRedis6 from 'redis'
import * as nodeRedis4 from 'redis-4'
import * as nodeRedis5 from 'redis-5'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { CommandConnection } from '../../../../src/stores/redis/clients/command-sender.ts'
import { connectionOf, keyPrefixOf } from '../../../../src/stores/redis/clients/detect-client.ts'
import { IoredisConnection } from '../../../../src/stores/redis/clients/ioredis.ts'
import { NodeRedisConnection } from '../../../../src/stores/redis/clients/node-redis.ts'
import { NodeRedisClusterConnection } from '../../../../src/stores/redis/clients/node-redis-cluster.ts'
import { thrownBy } from '../../../support/thrown-by.ts'
import { FakeIoredis } from '../fake-clients.ts'

const NO_SERVER = { host: '127.0.0.1', port: 1 }
const lazy = { ...NO_SERVER, lazyConnect: true }
const rootNodes = [{ url: 'redis://127.0.0.1:1' }]
const sentinels = { name: 'primary', sentinelRootNodes: [NO_SERVER] }

describe('connectionOf', () => {
  const made: { close(): Promise<void> }[] = []
  afterAll(() => Promise.all(made.map((connection) => connection.close())))

  it.each<[string, object, new (...given: never[]) => object]>([
    ['Redis of ioredis 5', new Redis5(lazy), IoredisConnection],
    ['Redis of ioredis 6', new Redis6(lazy), IoredisConnection],
    ['Cluster of ioredis 5', new Cluster5([NO_SERVER], { lazyConnect: true }), IoredisConnection],
    ['Cluster of ioredis 6', new Cluster6([NO_SERVER], { lazyConnect: true }), IoredisConnection],
    ['createClient of node-redis 4', nodeRedis4.createClient(), NodeRedisConnection],
    ['createClient of node-redis 5', nodeRedis5.createClient(), NodeRedisConnection],
    ['createClient of node-redis 6', nodeRedis6.createClient(), NodeRedisConnection],
    ['createSentinel of node-redis 5', nodeRedis5.createSentinel(sentinels), NodeRedisConnection],
    ['createSentinel of node-redis 6', nodeRedis6.createSentinel(sentinels), NodeRedisConnection],
    ['createCluster of node-redis 4', nodeRedis4.createCluster({ rootNodes }), NodeRedisClusterConnection],
    ['createCluster of node-redis 5', nodeRedis5.createCluster({ rootNodes }), NodeRedisClusterConnection],
    ['createCluster of node-redis 6', nodeRedis6.createCluster({ rootNodes }), NodeRedisClusterConnection],
    ['an object that sends commands', { sendCommand: async () => 'OK' }, CommandConnection],
  ])('recognizes a client by its methods: %s', (_, client, Connection) => {
    const connection = connectionOf(client)
    made.push(connection)
    expect(connection).toBeInstanceOf(Connection)
  })

  class Pool {}

  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    ['redis://127.0.0.1:6379', "'redis://127.0.0.1:6379'"],
    ['redis://user:secret@127.0.0.1:6379', "'redis://(hidden)@127.0.0.1:6379'"],
    [6379, '6379'],
    [Redis6, 'the function Redis'],
    [{}, '{}'],
    [{ url: 'redis://:secret@127.0.0.1' }, '{"url":"redis://(hidden)@127.0.0.1"}'],
    [{ host: '127.0.0.1', password: 'secret' }, '{"host":"127.0.0.1","password":"(hidden)"}'],
    [{ sendCommand: 'no function' }, '{"sendCommand":"no function"}'],
    [Object.create(null), '{}'],
    [new Pool(), 'a Pool'],
  ])('rejects %s', (client, shown) => {
    const error = thrownBy(() => connectionOf(client))
    expect(error.code).toBe('invalid_option')
    expect(error.message).toBe(
      `RedisStore.client: takes a client of ioredis or node-redis, or { sendCommand(words) }, got ${shown}. ` +
        'Give new Redis(url) of ioredis, or createClient({ url }) of node-redis after client.connect().',
    )
    expect(JSON.stringify(error)).not.toContain('secret')
  })
})

describe('a client for rate-limit-redis', () => {
  const client = nodeRedis6.createClient()
  const commands = { call: async (..._words: string[]) => 'OK' }

  it.each<[string, object]>([
    ['(...args)', { sendCommand: (...args: string[]) => client.sendCommand(args) }],
    ['async (...args)', { sendCommand: async (...args: string[]) => client.sendCommand(args) }],
    [
      '(command, ...args)',
      { sendCommand: (command: string, ...args: string[]) => commands.call(command, ...args) },
    ],
    [
      'a method',
      {
        sendCommand: function sendCommand(...args: string[]) {
          return client.sendCommand(args)
        },
      },
    ],
  ])('is rejected: sendCommand is %s', (_, given) => {
    expect(thrownBy(() => connectionOf(given))).toMatchObject({
      code: 'invalid_option',
      message:
        'RedisStore.client.sendCommand: takes the words of a command as one array, got a function with rest ' +
        'parameters. Give the Redis client itself: { client }. Or write sendCommand: (words) => client.sendCommand(words).',
    })
  })

  it('is rejected: the store of rate-limit-redis', () => {
    const store = new RedisStoreOfRateLimitRedis({ sendCommand: async () => 'digest' })
    expect(thrownBy(() => connectionOf(store)).message).toBe(
      'RedisStore.client: takes a client, and this is a store, got a RedisStore. ' +
        'Give the Redis client that this store uses: new RedisStore({ client }).',
    )
  })

  it('is accepted as a mock function, which takes any arguments', () => {
    expect(connectionOf({ sendCommand: vi.fn(async () => 'OK') })).toBeInstanceOf(CommandConnection)
  })
})

describe('keyPrefixOf', () => {
  it('is the prefix of an ioredis client', () => {
    expect(keyPrefixOf(new FakeIoredis({ keyPrefix: 'app:' }))).toBe('app:')
    expect(keyPrefixOf(new FakeIoredis())).toBe('')
    expect(keyPrefixOf(new Redis6({ ...lazy, keyPrefix: 'app:' }))).toBe('app:')
    expect(keyPrefixOf(new Cluster6([NO_SERVER], { lazyConnect: true, keyPrefix: 'app:' }))).toBe('app:')
  })

  it('is empty for any other client', () => {
    expect(keyPrefixOf(nodeRedis6.createClient())).toBe('')
    expect(keyPrefixOf({ sendCommand: async () => 'OK' })).toBe('')
  })
})
