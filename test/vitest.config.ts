import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(`../src/${path}`, import.meta.url))

/**
 * Tests that take long or measure: the harness of the benchmarks, the soak, the packed package in projects, and files
 * that start many processes, a browser or a Redis that fails.
 */
const SLOW_TESTS = [
  'test/bench/**/*.test.ts',
  'test/integration/package/**/*.test.ts',
  'test/**/*.slow.test.ts',
]

/** Tests that look at the timers, warnings, subscribers or prototypes of their whole process. */
const TESTS_OF_A_PROCESS = [
  'test/background-timer.test.ts',
  'test/client/client-key-cases.test.ts',
  'test/events/channels.test.ts',
  'test/integration/acceptance/events.test.ts',
  'test/integration/acceptance/one-limiter.test.ts',
  'test/integration/acceptance/response-headers.test.ts',
  'test/limiter/server-guard.test.ts',
  'test/options/request-property-name.test.ts',
  'test/stores/memory/capacity/pruner.test.ts',
  'test/stores/memory/memory-store-timer.test.ts',
  'test/stores/redis/clients/*.test.ts',
  'test/stores/redis/redis-store.test.ts',
  'test/stores/resilience/*.test.ts',
  'test/tools/dashboard/event-streams.test.ts',
  'test/tools/metrics/*.test.ts',
  'test/tools/testing/faulty-store.test.ts',
]

const config: ViteUserConfig = defineConfig({
  resolve: {
    // Tests and examples import the package by its public names and run on the sources.
    alias: [
      { find: /^express-tollgate$/, replacement: source('index.ts') },
      { find: /^express-tollgate\/audit$/, replacement: source('tools/audit/index.ts') },
      {
        find: /^express-tollgate\/concurrency$/,
        replacement: source('tools/concurrency/index.ts'),
      },
      { find: /^express-tollgate\/dashboard$/, replacement: source('tools/dashboard/index.ts') },
      {
        find: /^express-tollgate\/express-rate-limit-store$/,
        replacement: source('stores/express-rate-limit/index.ts'),
      },
      { find: /^express-tollgate\/metrics$/, replacement: source('tools/metrics/index.ts') },
      { find: /^express-tollgate\/openapi$/, replacement: source('tools/openapi/index.ts') },
      { find: /^express-tollgate\/persistence$/, replacement: source('stores/memory/persistence/index.ts') },
      { find: /^express-tollgate\/redis$/, replacement: source('stores/redis/index.ts') },
      { find: /^express-tollgate\/testing$/, replacement: source('tools/testing/index.ts') },
    ],
  },
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    projects: [
      {
        extends: true,
        // Most files share processes: to start one takes longer than most tests.
        test: {
          ...{ name: 'fast', isolate: false, include: ['test/**/*.test.ts'] },
          exclude: [...SLOW_TESTS, ...TESTS_OF_A_PROCESS],
        },
      },
      { extends: true, test: { name: 'fast-alone', include: TESTS_OF_A_PROCESS } },
      { extends: true, test: { name: 'slow', include: SLOW_TESTS } },
    ],
    maxWorkers: availableParallelism(),
    // A bound for what hangs, and not for what is slow: a busy machine must not fail a test.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Many tests cause these warnings. Tests that are about a warning listen to the event.
    execArgv: [
      'BAN_FAILED',
      'CLIENT_NOT_NAMED',
      'COUNTERS_DROPPED',
      'GUARD_FAILED',
      'COUNTER_CHARGED_TWICE',
      'NAME_SHARED',
      'PERMISSIVE_TRUST_PROXY',
      'REFUND_FAILED',
      'STORE_FAILED',
      'STORE_RECOVERED',
      'UNGROUPED_IPV6_KEY',
      'UNKNOWN_PEER',
      'UNTRUSTED_FORWARDED_HEADER',
      'WINDOW_LOOKS_LIKE_MS',
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
