import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createApp } from '../../examples/login-router.ts'
import { runProgram } from './agentwatch/process.ts'

describe('examples/login-router', () => {
  it('locks out after five failures, and counts only those', async () => {
    const api = request.agent(createApp())
    const login = (password: unknown): request.Test => api.post('/login').send({ name: 'ada', password })
    for (let count = 0; count < 10; count++) {
      await login('difference-engine').expect(200, { welcome: 'ada' })
    }
    for (const [index, password] of ['a', 'b', '', 5, undefined].entries()) {
      const { headers } = await login(password).expect(401, { error: 'wrong_name_or_password' })
      expect(headers['x-ratelimit-limit']).toBe('5')
      expect(headers['x-ratelimit-remaining']).toBe(String(4 - index))
    }
    const refused = await login('difference-engine').expect(429, { error: 'rate_limit_exceeded' })
    const seconds = Number(refused.headers['retry-after'])
    expect(seconds).toBeGreaterThan(800)
    expect(seconds).toBeLessThanOrEqual(900)
    // The form and the rest of the app are not locked.
    await api.get('/login').expect(200)
    await api.get('/').expect(200, { hello: 'world' })
  })

  it('knows no difference between a wrong name and a wrong password', async () => {
    const api = request.agent(createApp())
    for (const name of ['nobody', '__proto__', 5, undefined]) {
      await api.post('/login').send({ name, password: 'difference-engine' }).expect(401)
    }
    await api.post('/login').set('Content-Type', 'application/json').send('{').expect(400)
    // Failures all of them.
    await api.post('/login').send({ name: 'ada', password: 'difference-engine' }).expect(429)
  })

  it('serves when it is run', async () => {
    const program = runProgram('login-router.ts', [], { PORT: '0' })
    await program.says('\n')
    const [, url = ''] = /^Serving on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(program.stdout()) ?? []
    await request(url).get('/login').expect(200)
  })
})
