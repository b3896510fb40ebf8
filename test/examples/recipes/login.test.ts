import { scrypt } from 'node:crypto'
import { FakeClock } from 'express-tollgate/testing'
import request from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import { createApp } from '../../../examples/recipes/login.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { runProgram } from '../agentwatch/process.ts'
import { loadedOn, retryAfter, type Served, served } from './served.ts'

vi.mock('node:crypto', { spy: true })

const OWNER = '198.51.100.1'
const HOME = '198.51.100.2'
const ELSEWHERE = '198.51.100.3'

/** The n-th address of an attacker who has many. */
const attackerAt = (number: number): string => `203.0.${number >> 8}.${number & 255}`

/** Every user's password is `right`; checking it takes no time, and fails for `broken`. */
const checkPassword = async (name: string, password: string): Promise<boolean> => {
  if (password === 'broken') throw new Error('the database is down')
  return name !== '' && password === 'right'
}

type Attempt = (address: string, name: unknown, password?: string) => request.Test

const attemptsOn =
  ({ at }: Served): Attempt =>
  (address, name, password = 'wrong') =>
    at(address).post('/login').send({ name, password })

async function start(create: typeof createApp = createApp): Promise<{ clock: FakeClock; login: Attempt }> {
  const clock = new FakeClock()
  return { clock, login: attemptsOn(await served(create({ clock, checkPassword }))) }
}

/** Uses up all tries of a name from addresses of which none comes near a limit of its own. */
async function attack(login: Attempt, name: string): Promise<void> {
  for (let number = 0; number < 5; number++) await login(attackerAt(number), name).expect(401)
  await login(attackerAt(5), name).expect(429)
}

describe('an address that guesses', () => {
  it('is stopped after 10 failures in a minute, and told exactly for how long', async () => {
    const { clock, login } = await start()
    for (let count = 0; count < 10; count++) {
      await login(OWNER, `user-${count}`).expect(401, { error: 'wrong_name_or_password' })
    }
    expect(retryAfter(await login(OWNER, 'ada', 'right').expect(429))).toBe(60)
    clock.advance(59_999)
    expect(retryAfter(await login(OWNER, 'ada', 'right').expect(429))).toBe(1)
    clock.advance(1)
    await login(OWNER, 'ada', 'right').expect(200, { welcome: 'ada' })
  })

  it('has 50 failures a day, and then waits for the rest of it', async () => {
    const { clock, login } = await start()
    for (let minute = 0; minute < 5; minute++) {
      for (let count = 0; count < 10; count++) await login(OWNER, `${minute}-${count}`).expect(401)
      clock.advance(60_000)
    }
    // Failures of the same eighth of a day come back with the last of them, which was a minute ago.
    expect(retryAfter(await login(OWNER, 'ada', 'right').expect(429))).toBe(86_400 - 60)
    clock.advance((86_400 - 60) * 1000)
    await login(OWNER, 'ada', 'right').expect(200)
  })

  it('is banned for an hour when it goes on knocking', async () => {
    const { clock, login } = await start()
    for (let count = 0; count < 10; count++) await login(OWNER, `user-${count}`).expect(401)
    for (let knock = 1; knock < 10; knock++) {
      expect(retryAfter(await login(OWNER, 'ada').expect(429))).toBe(60)
    }
    expect(retryAfter(await login(OWNER, 'ada').expect(429))).toBe(3600)
    // The minute is over and the ban is not; knocking does not prolong it.
    clock.advance(3_599_000)
    expect(retryAfter(await login(OWNER, 'ada', 'right').expect(429))).toBe(1)
    await login(ELSEWHERE, 'ada', 'right').expect(200)
    clock.advance(1000)
    await login(OWNER, 'ada', 'right').expect(200)
  })

  it('is charged for what is refused on account of the name', async () => {
    const { login } = await start()
    for (let count = 0; count < 5; count++) await login(OWNER, 'ada').expect(401)
    for (let count = 0; count < 5; count++) {
      expect(retryAfter(await login(OWNER, 'ada').expect(429))).toBe(180)
    }
    expect(retryAfter(await login(OWNER, 'bob', 'right').expect(429))).toBe(60)
  })

  it('is charged for bodies that cannot be read, and has a kilobyte for them', async () => {
    const { at } = await served(createApp({ clock: new FakeClock(), checkPassword }))
    const post = (text: string): request.Test =>
      at(OWNER).post('/login').set('Content-Type', 'application/json').send(text)
    const sized = (bytes: number): string =>
      JSON.stringify({ name: 'x'.repeat(bytes - '{"name":""}'.length) })
    for (let count = 0; count < 4; count++) await post('{').expect(400)
    for (let count = 0; count < 4; count++) await post(sized(1025)).expect(413)
    await post(sized(1024)).expect(401)
    await post(sized(1024)).expect(401)
    await post('{').expect(429)
  })
})

describe('a form on a strange page', () => {
  it('cannot have its visitors banned, or their tries used up, by what it makes them post', async () => {
    const { at } = await served(createApp({ clock: new FakeClock(), checkPassword }))
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      for (let count = 0; count < 12; count++) {
        await at(OWNER)
          .post('/login')
          .set('Content-Type', type)
          .send('name=ada')
          .expect(415, { error: 'send_json' })
      }
    }
    await at(OWNER).post('/login').send({ name: 'ada', password: 'right' }).expect(200)
  })
})

describe('a user name', () => {
  it('has 5 tries from many addresses together, and gets one back every 3 minutes', async () => {
    const { clock, login } = await start()
    await attack(login, 'ada')
    expect(retryAfter(await login(attackerAt(6), 'ada').expect(429))).toBe(180)
    clock.advance(179_999)
    expect(retryAfter(await login(attackerAt(7), 'ada').expect(429))).toBe(1)
    clock.advance(1)
    await login(attackerAt(8), 'ada').expect(401)
    expect(retryAfter(await login(attackerAt(9), 'ada').expect(429))).toBe(180)
  })

  it('is guessed 5 times, and 20 times an hour after that, however many addresses guess', async () => {
    const { clock, login } = await start()
    await attack(login, 'ada')
    let guesses = 5
    for (let elapsedMs = 0; elapsedMs < 3 * 3_600_000; elapsedMs += 90_000) {
      clock.advance(90_000)
      const { status } = await login(attackerAt(elapsedMs / 90_000), 'ada')
      if (status === 401) guesses++
    }
    expect(guesses).toBe(5 + 3 * 20)
  })

  it('lets its owner in at a known address while it is attacked', async () => {
    const { login } = await start()
    await login(HOME, 'ada', 'right').expect(200)
    await attack(login, 'ada')
    await login(HOME, 'ada', 'right').expect(200, { welcome: 'ada' })
    // The owner may mistype there, too.
    for (let count = 0; count < 4; count++) await login(HOME, 'ada').expect(401)
    await login(HOME, 'ada', 'right').expect(200)
    await login(HOME, 'ada').expect(401)
    expect(retryAfter(await login(HOME, 'ada', 'right').expect(429))).toBe(180)
  })

  it('lets its owner in at a new address at most 3 minutes after an attack', async () => {
    const { clock, login } = await start()
    // It goes on for an hour, and takes each try that comes back.
    await attack(login, 'ada')
    for (let minute = 0; minute < 60; minute += 3) {
      clock.advance(180_000)
      await login(attackerAt(minute + 10), 'ada').expect(401)
      await login(attackerAt(minute + 11), 'ada').expect(429)
    }
    const waitSec = retryAfter(await login(ELSEWHERE, 'ada', 'right').expect(429))
    expect(waitSec).toBe(180)
    clock.advance(waitSec * 1000)
    await login(ELSEWHERE, 'ada', 'right').expect(200)
  })

  it('is kept from its owner by one address for as long as that has failures left, and no longer', async () => {
    const { clock, login } = await start()
    for (let count = 0; count < 5; count++) await login(OWNER, 'ada').expect(401)
    clock.advance(30_000)
    // One attempt a minute takes each try as it comes back; the owner is half a minute later.
    let minutes = 0
    let status = 0
    while (status !== 200 && minutes < 1440) {
      minutes++
      clock.advance(30_000)
      await login(OWNER, 'ada')
      clock.advance(30_000)
      status = (await login(attackerAt(minutes), 'ada', 'right')).status
    }
    expect(minutes).toBe(48)
  })

  it('is known at the last 5 addresses of its owner, for nobody else', async () => {
    const { login } = await start()
    const isKnown = async (address: string, name: string): Promise<boolean> =>
      (await login(address, name)).status === 401
    const homes = [1, 2, 3, 4, 5, 6, 7].map((number) => `192.0.2.${number}`)
    // One that is used again is no other one, for which another would have to go, and it goes last itself.
    for (const number of [1, 2, 3, 4, 5, 6, 2, 2, 7]) {
      await login(`192.0.2.${number}`, 'ada', 'right').expect(200)
    }
    await login(ELSEWHERE, 'bob', 'right').expect(200)
    await attack(login, 'ada')
    const known: boolean[] = []
    for (const home of homes) known.push(await isKnown(home, 'ada'))
    expect(known).toEqual([false, true, false, true, true, true, true])
    expect(await isKnown(ELSEWHERE, 'ada')).toBe(false)
    await attack(login, 'bob')
    expect(await isKnown('192.0.2.6', 'bob')).toBe(false)
  })

  it('is one in all its spellings', async () => {
    const { login } = await start()
    for (const name of ['ada', 'ADA', '  Ada\t', '\uff21da', 'a\uff44a']) {
      await login(HOME, name).expect(401)
    }
    await login(ELSEWHERE, 'ada', 'right').expect(429)
    await login(ELSEWHERE, ' Bob', 'right').expect(200, { welcome: 'bob' })
  })

  it('never shares its tries with another name, whatever either holds', async () => {
    const { login } = await start()
    await login(HOME, 'ada', 'right').expect(200)
    // The key of ada at her known address, as text.
    const lookalikes = [`ada","${HOME}`, `["ada","${HOME}"]`, `ada,${HOME}`, '["ada"]', '"ada"', 'ad']
    for (const name of lookalikes) await attack(login, name)
    await login(HOME, 'ada', 'right').expect(200)
    await login(ELSEWHERE, 'ada', 'right').expect(200)
  })

  it('that nobody can have is the same as none', async () => {
    const { login } = await start()
    const names = [undefined, null, 5, ['ada'], { name: 'ada' }]
    for (const [number, name] of names.entries()) await login(attackerAt(number), name, 'right').expect(401)
    for (const name of ['', '  ', 'x'.repeat(65)]) await login(HOME, name).expect(429)
    await login(HOME, 'x'.repeat(64)).expect(401)
  })
})

describe('an attempt that is no guess', () => {
  it('is free: a thousand good logins pass, at one address for one user', async () => {
    const clock = new FakeClock()
    const app = await served(createApp({ clock, checkPassword }))
    const statuses = await app.statuses('/login', 1000, () => {
      // Everything together has 200 a minute.
      clock.advance(400)
      return {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': HOME },
        body: '{"name":"ada","password":"right"}',
      }
    })
    expect(statuses).toEqual({ 200: 1000 })
    const login = attemptsOn(app)
    // Nor do they win back what failures took.
    for (let count = 0; count < 5; count++) {
      await login(HOME, 'ada').expect(401)
      await login(HOME, 'ada', 'right').expect(count < 4 ? 200 : 429)
    }
  })

  it('is free when the fault is ours', async () => {
    const { login } = await start()
    for (let count = 0; count < 20; count++) await login(HOME, 'ada', 'broken').expect(500)
    await login(HOME, 'ada', 'right').expect(200)
  })

  it('never suffers from what others do', async () => {
    const { at } = await served(createApp({ clock: new FakeClock(), checkPassword }))
    const login: Attempt = (address, name, password = 'wrong') =>
      at(address).post('/login').send({ name, password })
    await attack(login, 'ada')
    for (let count = 0; count < 10; count++) await login(OWNER, `user-${count}`).expect(401)
    await login(HOME, 'bob', 'right').expect(200)
    // Where no login is left, the form can still be looked at.
    await at(OWNER)
      .get('/login')
      .expect(200, { fields: ['name', 'password'] })
    await at(OWNER).get('/nowhere').expect(404)
  })
})

describe('the passwords of the example', () => {
  it('are checked in the same way for users and for nobody', async () => {
    const login = attemptsOn(await served(createApp()))
    const hashes: number[] = []
    for (const [name, password, status] of [
      ['ada', 'difference-engine', 200],
      ['ada', 'analytical-engine', 401],
      ['nobody', 'difference-engine', 401],
      ['__proto__', '', 401],
      [undefined, '', 401],
    ] as const) {
      vi.mocked(scrypt).mockClear()
      await login(HOME, name, password).expect(status)
      hashes.push(vi.mocked(scrypt).mock.calls.length)
    }
    expect(hashes).toEqual([1, 1, 1, 1, 1])
  })

  it('are texts; whatever else is sent is a wrong one', async () => {
    const { at } = await served(createApp())
    for (const password of [5, null, undefined, ['difference-engine']]) {
      await at(HOME).post('/login').send({ name: 'ada', password }).expect(401)
    }
  })
})

describe('the recipe', () => {
  it.each(EXPRESS_VERSIONS)('holds on %s', async (_name, version) => {
    const recipe = await loadedOn(version, () => import('../../../examples/recipes/login.ts'))
    const { clock, login } = await start(recipe.createApp)
    await login(HOME, 'ada', 'right').expect(200)
    await attack(login, 'ada')
    await login(HOME, 'ada', 'right').expect(200)
    await login(HOME, 'ada', 'broken').expect(500)
    for (let count = 0; count < 10; count++) await login(OWNER, `user-${count}`).expect(401)
    expect(retryAfter(await login(OWNER, 'user-1').expect(429))).toBe(60)
    clock.advance(180_000)
    await login(ELSEWHERE, 'ada', 'right').expect(200)
  })

  it('serves when it is run', async () => {
    const program = runProgram('recipes/login.ts', [], { PORT: '0' })
    await program.says('\n')
    const [, url = ''] = /^Serving on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(program.stdout()) ?? []
    await request(url).post('/login').send({ name: 'ada', password: 'difference-engine' }).expect(200)
  })
})
