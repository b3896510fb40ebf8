import type { Options } from 'tsup'

const config: Options = {
  // One entry point for each subpath in package.json's "exports" and "bin"; a test holds the two lists together.
  entry: {
    index: 'src/index.ts',
    audit: 'src/audit/index.ts',
    cli: 'src/cli/main.ts',
    dashboard: 'src/dashboard/index.ts',
    metrics: 'src/metrics/index.ts',
    openapi: 'src/openapi/index.ts',
    redis: 'src/stores/redis/index.ts',
    testing: 'src/testing/index.ts',
  },
  format: ['esm', 'cjs'],
  target: 'node20',
  platform: 'node',
  dts: true,
  clean: true,
  // Entry points share code (error classes above all), so that `instanceof` works across them.
  splitting: true,
  sourcemap: false,
  treeshake: true,
}

export default config
