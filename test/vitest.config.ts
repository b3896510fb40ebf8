import { fileURLToPath } from 'node:url'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(`../src/${path}`, import.meta.url))

const config: ViteUserConfig = defineConfig({
  resolve: {
    // Tests and examples import the package by its public names and run on the sources.
    alias: [
      { find: /^express-tollgate$/, replacement: source('index.ts') },
      { find: /^express-tollgate\/audit$/, replacement: source('tools/audit/index.ts') },
      { find: /^express-tollgate\/dashboard$/, replacement: source('tools/dashboard/index.ts') },
      { find: /^express-tollgate\/metrics$/, replacement: source('tools/metrics/index.ts') },
      { find: /^express-tollgate\/openapi$/, replacement: source('tools/openapi/index.ts') },
      { find: /^express-tollgate\/redis$/, replacement: source('stores/redis/index.ts') },
      { find: /^express-tollgate\/testing$/, replacement: source('tools/testing/index.ts') },
    ],
  },
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    // Tests provoke these warnings by the dozen; those that are about them listen to the event.
    execArgv: [
      'UNTRUSTED_FORWARDED_HEADER',
      'STORE_FAILED',
      'STORE_RECOVERED',
      'REFUND_FAILED',
      'BAN_FAILED',
      'GUARD_FAILED',
    ].map((code) => `--disable-warning=TOLLGATE_${code}`),
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { statements: 95 },
    },
  },
})

export default config
