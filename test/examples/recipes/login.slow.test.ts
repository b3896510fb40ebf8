import { scrypt } from 'node:crypto'
import { FakeClock } from 'express-tollgate/testing'
import request from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import { createApp } from '../../../examples/recipes/login.ts'
import { EXPRESS_VERSIONS } from '../../support/http/express-versions.ts'
import { runProgram } from '../agentwatch/running-program.ts'
import { loadWithExpress, retryAfterSeconds, type ServedApp, serveApp } from './served-app.ts'

vi.mock('node:crypto', { spy: true })

const OWNER = '198.51.100.1'
const HOME = '198.51.100.2'
const ELSEWHERE = '198.51.100.3'

/** One of the many addresses of an attacker. */
const attackerAddress = (number: number): string => `203.0.${number >> 8}.${number & 255}`

/** The password of every user is `right`. The check of the password `broken` fails with an error. */
const checkPassword = async (name: string, password: string): Promise<boolean> => {
  if (password === 'broken') throw new Error('the database is down')
  return name !== '' && password === 'right'
}

type Attempt = (address: string, name: unknown, password?: string) => request.Test

const loginOf =
  ({ clientAt }: ServedApp): Attempt =>
  (address, name, password = 'wrong') =>
    clientAt(address).post('/login').send({ name, password })

async function start(create: typeof createApp = createApp): Promise<{ clock: FakeClock; login: Attempt }> {
  const clock = new FakeClock()
  return { clock, login: loginOf(await serveApp(create({ clock, checkPassword }))) }
}

/** Uses up all attempts of a name, from addresses that stay far below their own limits. */
async function useUpAttempts(login: Attempt, name: string): Promise<void> {
  for (let number = 0; number < 5; number++) await login(attackerAddress(number), name).expect(401)
  await login(attackerAddress(5), name).expect(429)
}

describe('an address that guesses', () => {
  it('is refused after 10 failures in a minute, with an exact Retry-After', async () => {
    const { clock, login } = await start()
    for (let count = 0; count < 10; count++) {
      await login(OWNER, `user-${count}`).expect(401, { error: 'wrong_name_or_password' })
    }
    expect(retryAfterSeconds(await login(OWNER, 'ada', 'right').expect(429))).toBe(60)
    clock.advance(59_999)
    expect(retryAfterSeconds(await login(OWNER, 'ada', 'right').expect(429))).toBe(1)
    clock.advance(1)
    await login(OWNER, 'ada', 'right').expect(200, { welcome: 'ada' })
  })

  it('may fail 50 times a day, and then has to wait for the rest of the day', async () => {
    const { clock, login } = await start()
    for (let minute = 0; minute < 5; minute++) {
      for (let count = 0; count < 10; count++) await login(OWNER, `${minute}-${count}`).expect(401)
      clock.advance(60_000)
    }
    // All failures within an eighth of a day come back with the last of them, which was a minute ago.
    expect(retryAfterSeconds(await login(OWNER, 'ada', 'right').expect(429))).toBe(86_400 - 60)
    clock.advance((86_400 - 60) * 1000)
    await login(OWNER, 'ada', 'right').expect(200)
  })

  it('is banned for an hour after 10 refusals', async () => {
    const { clock, login } = await start()
    for (let count = 0; count < 10; count++) await login(OWNER, `user-${count}`).expect(401)
    for (let count = 1; count < 10; count++) {
      expect(retryAfterSeconds(await login(OWNER, 'ada').expect(429))).toBe(60)
    }
    expect(retryAfterSeconds(await login(OWNER, 'ada').expect(429))).toBe(3600)
    // The minute is over, but not the ban. Requests do not make the ban longer.
    clock.advance(3_599_000)
    expect(retryAfterSeconds(await login(OWNER, 'ada', 'right').expect(429))).toBe(1)
    await login(ELSEWHERE, 'ada', 'right').expect(200)
    clock.advance(1000)
    await login(OWNER, 'ada', 'right').expect(200)
  })

  it('is charged for requests that the limit of the name refuses', async () => {
    const { login } = await start()
    for (let count = 0; count < 5; count++) await login(OWNER, 'ada').expect(401)
    for (let count = 0; count < 5; count++) {
      expect(retryAfterSeconds(await login(OWNER, 'ada').expect(429))).toBe(180)
    }
    expect(retryAfterSeconds(await login(OWNER, 'bob', 'right').expect(429))).toBe(60)
  })

  it('is charged for invalid bodies and for bodies above a kilobyte', async () => {
    const { clientAt } = await serveApp(createApp({ clock: new FakeClock(), checkPassword }))
    const post = (text: string): request.Test =>
      clientAt(OWNER).post('/login').set('Content-Type', 'application/json').send(text)
    const sized = (bytes: number): string =>
      JSON.stringify({ name: 'x'.repeat(bytes - '{"name":""}'.length) })
    for (let count = 0; count < 4; count++) await post('{').expect(400)
    for (let count = 0; count < 4; count++) await post(sized(1025)).expect(413)
    await post(sized(1024)).expect(401)
    await post(sized(1024)).expect(401)
    await post('{').expect(429)
  })
})

describe('a form on another website', () => {
  it('cannot cause a ban of its visitors or use up their attempts', async () => {
    const { clientAt } = await serveApp(createApp({ clock: new FakeClock(), checkPassword }))
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      for (let count = 0; count < 12; count++) {
        await clientAt(OWNER)
          .post('/login')
          .set('Content-Type', type)
          .send('name=ada')
          .expect(415, { error: 'send_json' })
      }
    }
    await clientAt(OWNER).post('/login').send({ name: 'ada', password: 'right' }).expect(200)
  })
})

describe('a user name', () => {
  it('has 5 attempts from all addresses together, and regains one every 3 minutes', async () => {
    const { clock, login } = await start()
    await useUpAttempts(login, 'ada')
    expect(retryAfterSeconds(await login(attackerAddress(6), 'ada').expect(429))).toBe(180)
    clock.advance(179_999)
    expect(retryAfterSeconds(await login(attackerAddress(7), 'ada').expect(429))).toBe(1)
    clock.advance(1)
    await login(attackerAddress(8), 'ada').expect(401)
    expect(retryAfterSeconds(await login(attackerAddress(9), 'ada').expect(429))).toBe(180)
  })

  it('allows 5 guesses and then 20 an hour, from any number of addresses', async () => {
    const { clock, login } = await start()
    await useUpAttempts(login, 'ada')
    let guesses = 5
    for (let elapsedMs = 0; elapsedMs < 3 * 3_600_000; elapsedMs += 90_000) {
      clock.advance(90_000)
      const { status } = await login(attackerAddress(elapsedMs / 90_000), 'ada')
      if (status === 401) guesses++
    }
    expect(guesses).toBe(5 + 3 * 20)
  })

  it('allows its owner to log in at a known address during an attack', async () => {
    const { login } = await start()
    await login(HOME, 'ada', 'right').expect(200)
    await useUpAttempts(login, 'ada')
    await login(HOME, 'ada', 'right').expect(200, { welcome: 'ada' })
    // The owner may make typing errors there too.
    for (let count = 0; count < 4; count++) await login(HOME, 'ada').expect(401)
    await login(HOME, 'ada', 'right').expect(200)
    await login(HOME, 'ada').expect(401)
    expect(retryAfterSeconds(await login(HOME, 'ada', 'right').expect(429))).toBe(180)
  })

  it('allows its owner to log in at a new address at most 3 minutes after an attack', async () => {
    const { clock, login } = await start()
    // The attack lasts an hour, and uses every attempt that comes back.
    await useUpAttempts(login, 'ada')
    for (let minute = 0; minute < 60; minute += 3) {
      clock.advance(180_000)
      await login(attackerAddress(minute + 10), 'ada').expect(401)
      await login(attackerAddress(minute + 11), 'ada').expect(429)
    }
    const waitSec = retryAfterSeconds(await login(ELSEWHERE, 'ada', 'right').expect(429))
    expect(waitSec).toBe(180)
    clock.advance(waitSec * 1000)
    await login(ELSEWHERE, 'ada', 'right').expect(200)
  })

  it('is unavailable to its owner only until the address of the attacker has used up its failures', async () => {
    const { clock, login } = await start()
    for (let count = 0; count < 5; count++) await login(OWNER, 'ada').expect(401)
    clock.advance(30_000)
    // One attempt a minute uses each attempt that comes back. The owner tries half a minute later.
    let minutes = 0
    let status = 0
    while (status !== 200 && minutes < 1440) {
      minutes++
      clock.advance(30_000)
      await login(OWNER, 'ada')
      clock.advance(30_000)
      status = (await login(attackerAddress(minutes), 'ada', 'right')).status
    }
    expect(minutes).toBe(48)
  })

  it('is known at the last 5 addresses of its owner, and not at those of other users', async () => {
    const { login } = await start()
    const isKnown = async (address: string, name: string): Promise<boolean> =>
      (await login(address, name)).status === 401
    const homes = [1, 2, 3, 4, 5, 6, 7].map((number) => `192.0.2.${number}`)
    // A known address that is used again replaces no other address, and becomes the latest one.
    for (const number of [1, 2, 3, 4, 5, 6, 2, 2, 7]) {
      await login(`192.0.2.${number}`, 'ada', 'right').expect(200)
    }
    await login(ELSEWHERE, 'bob', 'right').expect(200)
    await useUpAttempts(login, 'ada')
    const known: boolean[] = []
    for (const home of homes) known.push(await isKnown(home, 'ada'))
    expect(known).toEqual([false, true, false, true, true, true, true])
    expect(await isKnown(ELSEWHERE, 'ada')).toBe(false)
    await useUpAttempts(login, 'bob')
    expect(await isKnown('192.0.2.6', 'bob')).toBe(false)
  })

  it('is the same name in all its spellings', async () => {
    const { login } = await start()
    for (const name of ['ada', 'ADA', '  Ada\t', '\uff21da', 'a\uff44a']) {
      await login(HOME, name).expect(401)
    }
    await login(ELSEWHERE, 'ada', 'right').expect(429)
    await login(ELSEWHERE, ' Bob', 'right').expect(200, { welcome: 'bob' })
  })

  it('never shares its attempts with another name, whatever characters the names have', async () => {
    const { login } = await start()
    await login(HOME, 'ada', 'right').expect(200)
    // Names that look like the key of ada at her known address.
    const similarNames = [`ada","${HOME}`, `["ada","${HOME}"]`, `ada,${HOME}`, '["ada"]', '"ada"', 'ad']
    for (const name of similarNames) await useUpAttempts(login, name)
    await login(HOME, 'ada', 'right').expect(200)
    await login(ELSEWHERE, 'ada', 'right').expect(200)
  })

  it('that no user can have counts as an empty name', async () => {
    const { login } = await start()
    const names = [undefined, null, 5, ['ada'], { name: 'ada' }]
    for (const [number, name] of names.entries())
      await login(attackerAddress(number), name, 'right').expect(401)
    for (const name of ['', '  ', 'x'.repeat(65)]) await login(HOME, name).expect(429)
    await login(HOME, 'x'.repeat(64)).expect(401)
  })
})

describe('an attempt that is not a failed guess', () => {
  it('is not charged: a thousand successful logins are allowed, at one address for one user', async () => {
    const clock = new FakeClock()
    const app = await serveApp(createApp({ clock, checkPassword }))
    const statuses = await app.countStatuses('/login', 1000, () => {
      // The limiter of all requests allows 200 a minute.
      clock.advance(400)
      return {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': HOME },
        body: '{"name":"ada","password":"right"}',
      }
    })
    expect(statuses).toEqual({ 200: 1000 })
    const login = loginOf(app)
    // A successful login does not give back the attempts that failures used.
    for (let count = 0; count < 5; count++) {
      await login(HOME, 'ada').expect(401)
      await login(HOME, 'ada', 'right').expect(count < 4 ? 200 : 429)
    }
  })

  it('is not charged if the server fails', async () => {
    const { login } = await start()
    for (let count = 0; count < 20; count++) await login(HOME, 'ada', 'broken').expect(500)
    await login(HOME, 'ada', 'right').expect(200)
  })

  it('is not affected by the failures of others', async () => {
    const { clientAt } = await serveApp(createApp({ clock: new FakeClock(), checkPassword }))
    const login: Attempt = (address, name, password = 'wrong') =>
      clientAt(address).post('/login').send({ name, password })
    await useUpAttempts(login, 'ada')
    for (let count = 0; count < 10; count++) await login(OWNER, `user-${count}`).expect(401)
    await login(HOME, 'bob', 'right').expect(200)
    // A client without attempts can still read the form.
    await clientAt(OWNER)
      .get('/login')
      .expect(200, { fields: ['name', 'password'] })
    await clientAt(OWNER).get('/nowhere').expect(404)
  })
})

describe('the passwords of the example', () => {
  it('are checked with the same work for known and unknown users', async () => {
    const login = loginOf(await serveApp(createApp()))
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

  it('are texts, and a value of another type is a wrong password', async () => {
    const { clientAt } = await serveApp(createApp())
    for (const password of [5, null, undefined, ['difference-engine']]) {
      await clientAt(HOME).post('/login').send({ name: 'ada', password }).expect(401)
    }
  })
})

describe('the recipe', () => {
  it.each(EXPRESS_VERSIONS)('works on %s', async (_name, version) => {
    const recipe = await loadWithExpress(version, () => import('../../../examples/recipes/login.ts'))
    const { clock, login } = await start(recipe.createApp)
    await login(HOME, 'ada', 'right').expect(200)
    await useUpAttempts(login, 'ada')
    await login(HOME, 'ada', 'right').expect(200)
    await login(HOME, 'ada', 'broken').expect(500)
    for (let count = 0; count < 10; count++) await login(OWNER, `user-${count}`).expect(401)
    expect(retryAfterSeconds(await login(OWNER, 'user-1').expect(429))).toBe(60)
    clock.advance(180_000)
    await login(ELSEWHERE, 'ada', 'right').expect(200)
  })

  it('serves as a program', async () => {
    const program = runProgram('recipes/login.ts', [], { PORT: '0' })
    await program.waitForOutput('\n')
    const [, url = ''] = /^Serving on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(program.stdout()) ?? []
    await request(url).post('/login').send({ name: 'ada', password: 'difference-engine' }).expect(200)
  })
})
