import { Cluster, Redis as Ioredis6 } from 'ioredis'
import { Redis as Ioredis5 } from 'ioredis-5'
import { createClient as createClient6, createCluster, createSentinel } from 'redis'
import { createClient as createClient4 } from 'redis-4'
import { createClient as createClient5 } from 'redis-5'
import { describe, expect, it } from 'vitest'
import { serverAddressOf } from '../../../../src/stores/redis/clients/server-address.ts'

const URL = 'redis://user:secret@redis.example:7001/3'
const lazyConnect = true

describe('the address of the server of a client', () => {
  it.each<[string, object]>([
    ['ioredis 5', new Ioredis5(URL, { lazyConnect })],
    ['ioredis 6', new Ioredis6(URL, { lazyConnect })],
    ['node-redis 4', createClient4({ url: URL })],
    ['node-redis 5', createClient5({ url: URL })],
    ['node-redis 6', createClient6({ url: URL })],
  ])('has host, port and database, and no password: %s', (_name, client) => {
    expect(serverAddressOf(client)).toBe('redis.example:7001 3')
  })

  it.each<[string, object]>([
    ['ioredis', new Ioredis6({ lazyConnect })],
    ['node-redis', createClient6()],
  ])('is the default where the options have none: %s', (_name, client) => {
    expect(serverAddressOf(client)).toBe('localhost:6379 0')
  })

  it.each<[string, object]>([
    ['ioredis', new Ioredis6({ path: '/run/redis.sock', lazyConnect })],
    ['node-redis', createClient6({ socket: { path: '/run/redis.sock', tls: false } })],
  ])('is the path of a Unix socket: %s', (_name, client) => {
    expect(serverAddressOf(client)).toBe('/run/redis.sock 0')
  })

  const sentinels = [{ host: '127.0.0.1', port: 1 }]
  it.each<[string, () => object]>([
    ['a cluster of ioredis', () => new Cluster(sentinels, { lazyConnect })],
    ['a cluster of node-redis', () => createCluster({ rootNodes: [{ url: URL }] })],
    ['ioredis with sentinels', () => new Ioredis6({ sentinels, name: 'main', lazyConnect })],
    ['node-redis with sentinels', () => createSentinel({ name: 'main', sentinelRootNodes: sentinels })],
    ['a sendCommand function', () => ({ sendCommand: async () => undefined })],
  ])('is a text of its own for %s', (_name, create) => {
    const [one, other] = [create(), create()]
    expect(serverAddressOf(one)).toMatch(/^client \d+$/)
    expect(serverAddressOf(one)).toBe(serverAddressOf(one))
    expect(serverAddressOf(other)).not.toBe(serverAddressOf(one))
  })
})
