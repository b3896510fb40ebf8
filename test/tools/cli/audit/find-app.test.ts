import { createServer, Server } from 'node:http'
import express from 'express'
import express4 from 'express4'
import { describe, expect, it } from 'vitest'
import { findTarget } from '../../../../src/tools/cli/audit/find-app.ts'

const app = express()
const otherApp = express()
const find = async (moduleExports: Record<string, unknown>, name?: string): Promise<unknown> =>
  (await findTarget(moduleExports, 'app.js', name)).target

describe('the app of a module', () => {
  it.each<[string, Record<string, unknown>]>([
    ['the default export', { default: app, other: otherApp }],
    ['the export app', { default: { port: 1 }, app, other: otherApp }],
    ['the only export that is an app', { server: app, port: 80 }],
    ['an export of module.exports', { default: { app } }],
    [
      'the default export of ESM that was compiled to CommonJS',
      { default: { __esModule: true, default: app } },
    ],
    ['the return value of the default export', { default: () => app, helper: () => 1 }],
    ['the value that the promise of the only function resolves to', { createApp: async () => app }],
    ['the property app of what a function returns', { createApp: () => ({ app, admin: otherApp, port: 1 }) }],
    ['the only app in what a function returns', { start: async () => ({ api: app, close: () => {} }) }],
  ])('is %s', async (_source, moduleExports) => {
    expect(await find(moduleExports)).toBe(app)
  })

  it('can be an app of Express 4, or a router', async () => {
    const express4App = express4()
    const router = express.Router()
    expect(await find({ default: express4App })).toBe(express4App)
    expect(await find({ default: router })).toBe(router)
  })

  it('can be a server, also where it is module.exports', async () => {
    const server = createServer(app)
    expect(await find({ default: server })).toBe(server)
    expect(await find({ start: async () => server })).toBe(server)
    expect(await find({ app, server }, 'server')).toBe(server)
    expect(await find({ app, server }, 'app')).toBe(app)
    await expect(find({ default: server }, '_events')).rejects.toThrow("app.js: has no export '_events'.")
  })

  it.each([
    ['exports', { app, server: createServer(otherApp) }],
    ['exports without the usual names', { api: app, http: createServer(otherApp) }],
    ['what a function returns', { start: () => ({ app, server: createServer(otherApp) }) }],
  ])('is audited together with the server beside it: %s', async (_where, moduleExports) => {
    const found = await findTarget(moduleExports, 'app.js', undefined)
    expect(found.target).toBeInstanceOf(Server)
    expect(found.app).toBe(app)
  })

  it('is the export with the given name', async () => {
    expect(await find({ default: otherApp, api: app }, 'api')).toBe(app)
    expect(await find({ default: otherApp, createApi: () => app }, 'createApi')).toBe(app)
  })

  it.each<[string, Record<string, unknown>, string | undefined, string]>([
    [
      'no exports',
      {},
      undefined,
      'app.js: exports no Express app. Export the app, or a function without parameters that returns it, or { app }.',
    ],
    [
      'other exports only',
      { default: { port: 80 } },
      undefined,
      'app.js: exports no Express app. Name the export that is the app, or creates it, with --export. The exports are default, port.',
    ],
    [
      'functions with parameters only',
      { createApp: (port: number) => port },
      undefined,
      'app.js: exports no Express app.',
    ],
    ['two apps', { one: app, two: otherApp }, undefined, 'app.js: exports several apps: one, two.'],
    [
      'two functions that may create it',
      { one: () => app, two: () => app },
      undefined,
      'app.js: exports several functions that may create an app: one, two.',
    ],
    [
      'a function that creates no app',
      { create: () => 1 },
      undefined,
      "app.js: exports 'create', which returned no Express app.",
    ],
    [
      'a function that returns an object without an app',
      { create: () => ({ port: 1 }) },
      undefined,
      "app.js: exports 'create', which returned no Express app.",
    ],
    [
      'a function that returns several apps',
      { create: () => ({ one: app, two: otherApp }) },
      undefined,
      "app.js: exports 'create', which returned several apps: one, two. Return one of them as 'app'. Name the export",
    ],
    [
      'a name that no export has',
      { createApp: () => app },
      'creatApp',
      "app.js: has no export 'creatApp'. Did you mean 'createApp'?",
    ],
    [
      'the name of another export',
      { port: 80 },
      'port',
      "app.js: exports 'port', which is not an Express app and does not create one.",
    ],
    [
      'the name of a function with parameters',
      { createApp: (limit: number) => [app, limit] },
      'createApp',
      "app.js: exports 'createApp', which is a function with parameters, and the program has none to give.",
    ],
  ])('is not found with %s', async (_exports, moduleExports, name, message) => {
    await expect(find(moduleExports, name)).rejects.toThrow(message)
  })
})
