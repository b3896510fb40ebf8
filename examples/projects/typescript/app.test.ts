import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { assertEveryRouteLimited } from 'express-tollgate/audit'
import { FakeClock } from 'express-tollgate/testing'
import { createApp } from './app.js'

test('a client writes twice a minute', async () => {
  const clock = new FakeClock()
  const server = createApp({ clock }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/items`
  const write = async (): Promise<number> => (await fetch(url, { method: 'POST' })).status

  assert.deepEqual([await write(), await write(), await write()], [201, 201, 429])
  clock.advance(60_000)
  assert.equal(await write(), 201)
  server.close()
})

test('every route is limited', () => {
  assertEveryRouteLimited(createApp())
})
