import express from 'express'
import express4 from 'express4'
import { describe, expect, it } from 'vitest'
import { findApp } from '../../../../src/tools/cli/audit/find-app.ts'

const app = express()
const other = express()
const find = (exports: Record<string, unknown>, name?: string): Promise<unknown> =>
  findApp(exports, 'app.js', name)

describe('the app of a module', () => {
  it.each<[string, Record<string, unknown>]>([
    ['the default export', { default: app, other }],
    ['the export app', { default: { port: 1 }, app, other }],
    ['the only export that is an app', { server: app, port: 80 }],
    ['what module.exports holds', { default: { app } }],
    ['what a compiler made of the default export', { default: { __esModule: true, default: app } }],
    ['what the default export returns', { default: () => app, helper: () => 1 }],
    ['what the only function returns later', { createApp: async () => app }],
  ])('is %s', async (_what, exports) => {
    expect(await find(exports)).toBe(app)
  })

  it('is one of Express 4, or a router', async () => {
    const old = express4()
    const router = express.Router()
    expect(await find({ default: old })).toBe(old)
    expect(await find({ default: router })).toBe(router)
  })

  it('is the export that is named', async () => {
    expect(await find({ default: other, api: app }, 'api')).toBe(app)
    expect(await find({ default: other, makeApi: () => app }, 'makeApi')).toBe(app)
  })

  it.each<[string, Record<string, unknown>, string | undefined, string]>([
    [
      'nothing',
      {},
      undefined,
      'app.js: exports no Express app. Export the app, or a function without parameters that returns it.',
    ],
    [
      'other things',
      { default: { port: 80 } },
      undefined,
      'app.js: exports no Express app. Name the export that is the app, or makes it, with --export; there are default, port.',
    ],
    [
      'functions with parameters',
      { createApp: (port: number) => port },
      undefined,
      'app.js: exports no Express app.',
    ],
    ['two apps', { one: app, two: other }, undefined, 'app.js: exports several apps: one, two.'],
    [
      'two functions',
      { one: () => app, two: () => app },
      undefined,
      'app.js: exports several functions that may make an app: one, two.',
    ],
    [
      'a function that makes no app',
      { make: () => 1 },
      undefined,
      "app.js: exports 'make', which returned no Express app.",
    ],
    [
      'no such export',
      { createApp: () => app },
      'creatApp',
      "app.js: has no export 'creatApp'. Did you mean 'createApp'?",
    ],
    [
      'something else',
      { port: 80 },
      'port',
      "app.js: exports 'port', which is no Express app and makes none.",
    ],
  ])('is not found where there is %s', async (_what, exports, name, message) => {
    await expect(find(exports, name)).rejects.toThrow(message)
  })
})
