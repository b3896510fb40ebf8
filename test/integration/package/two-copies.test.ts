import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { run } from './projects.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** What a program prints that loads the package twice, as `esm` and as `cjs`. */
async function printed(program: string): Promise<unknown> {
  const source = `
    import { createRequire } from 'node:module'
    import { setImmediate } from 'node:timers/promises'
    const require = createRequire(${JSON.stringify(ROOT)})
    const load = async (name) => ({ esm: await import(${JSON.stringify(ROOT)} + 'dist/' + name + '.js'), cjs: require('./dist/' + name + '.cjs') })
    const { esm, cjs } = await load('index')
    const warnings = []
    process.on('warning', ({ code }) => warnings.push(code))
    const show = async (value) => { await setImmediate(); console.log(JSON.stringify(value)) }
    ${program}`
  return JSON.parse(
    await run(process.execPath, ['--no-warnings', '--input-type=module', '--eval', source], ROOT),
  )
}

describe('the ESM and the CommonJS build in one process', () => {
  it('have errors that are instances of the class of both', async () => {
    const program = `
      const thrown = ({ createRateLimiter }) => { try { createRateLimiter({ max: 5 }) } catch (error) { return error } }
      const errors = [thrown(esm), thrown(cjs)]
      const classes = [esm.RateLimiterError, cjs.RateLimiterError]
      show([classes[0] === classes[1], errors.map((error) => classes.map((one) => error instanceof one))])`
    expect(await printed(program)).toEqual([
      false,
      [
        [true, true],
        [true, true],
      ],
    ])
  })

  it('warn once of one name that is used twice in a store', async () => {
    const program = `
      const store = new cjs.MemoryStore()
      const first = esm.createRateLimiter({ store })
      cjs.createRateLimiter({ store, name: 'other' })
      const before = warnings.length
      cjs.createRateLimiter({ store })
      await setImmediate()
      await first.close()
      show([before, warnings])`
    expect(await printed(program)).toEqual([0, ['TOLLGATE_NAME_SHARED']])
  })

  it('warn once of a worker that counts alone, also with a store of the other build', async () => {
    const program = `
      Object.assign(process.env, { pm_id: '0', instances: '4' })
      esm.createRateLimiter({ store: new cjs.MemoryStore() })
      cjs.createRateLimiter()
      await setImmediate()
      show(warnings)`
    expect(await printed(program)).toEqual(['TOLLGATE_WORKER_COUNTS_ALONE'])
  })

  it('show the tighter of two limiters on a request, and count on one registry', async () => {
    const program = `
      import http from 'node:http'
      import { Registry } from 'prom-client'
      const registry = new Registry()
      const metrics = await load('metrics')
      const [wide, narrow] = [esm.createRateLimiter({ name: 'wide', read: 9 }), cjs.createRateLimiter({ name: 'narrow', read: 5 })]
      metrics.esm.metrics(wide, { registry })
      metrics.cjs.metrics(narrow, { registry })
      metrics.cjs.metrics(wide, { registry })
      const server = http.createServer((req, res) => wide(req, res, () => narrow(req, res, () => res.end())))
      server.listen(0, '127.0.0.1', async () => {
        const { headers } = await fetch('http://127.0.0.1:' + server.address().port)
        server.close()
        const lines = (await registry.metrics()).split('\\n')
        const counted = lines.filter((line) => /^tollgate_decisions_total.* 1$/.test(line)).map((line) => /limiter="(\\w+)"/.exec(line)[1])
        show([headers.get('x-ratelimit-limit'), headers.get('x-ratelimit-remaining'), counted.sort()])
      })`
    expect(await printed(program)).toEqual(['5', '4', ['narrow', 'wide']])
  })
})
