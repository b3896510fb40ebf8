import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createApp } from '../../examples/behind-nginx.ts'
import { runProgram } from './agentwatch/running-program.ts'

describe('examples/behind-nginx', () => {
  it('charges the client whose address nginx sees', async () => {
    const api = request.agent(createApp())
    const chargedTo = async (forwarded: string): Promise<unknown> =>
      (await api.get('/whoami').set('X-Forwarded-For', forwarded).expect(200)).body.chargedTo
    expect(await chargedTo('203.0.113.7')).toBe('203.0.113.7')
    expect(await chargedTo('2001:db8:1:2::3')).toBe('2001:db8:1::/56')
    // nginx appends the address. The text to the left of it is from the client.
    expect(await chargedTo('198.51.100.1, 203.0.113.7')).toBe('203.0.113.7')
  })

  it('charges all requests of a client that invents addresses to the same limit', async () => {
    const api = request.agent(createApp())
    for (let count = 1; count <= 21; count++) {
      const forwarded = `198.51.100.${count}, 203.0.113.7`
      await api
        .post('/')
        .set('X-Forwarded-For', forwarded)
        .expect(count <= 20 ? 404 : 429)
    }
    await api.post('/').set('X-Forwarded-For', '203.0.113.8').expect(404)
  })

  it('serves as a program', async () => {
    const program = runProgram('behind-nginx.ts', [], { PORT: '0' })
    await program.waitForOutput('\n')
    const [, url = ''] = /^Serving on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(program.stdout()) ?? []
    await request(url).get('/whoami').expect(200)
  })
})
