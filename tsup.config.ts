import type { Options } from 'tsup'
import { inlineTextFiles } from './build/inline-text-files.ts'

/** One entry point for each subpath in package.json's "exports"; a test holds the two lists together. */
const library = {
  index: 'src/index.ts',
  audit: 'src/tools/audit/index.ts',
  dashboard: 'src/tools/dashboard/index.ts',
  metrics: 'src/tools/metrics/index.ts',
  openapi: 'src/tools/openapi/index.ts',
  redis: 'src/stores/redis/index.ts',
  testing: 'src/tools/testing/index.ts',
}

/** One for each name in its "bin". Nobody imports a program: it needs neither types nor a CommonJS twin. */
const programs = { cli: 'src/tools/cli/main.ts' }

const config: Options = {
  entry: { ...library, ...programs },
  format: ['esm', 'cjs'],
  target: 'node20',
  platform: 'node',
  dts: { entry: library },
  clean: true,
  // Entry points share code (error classes above all), so that `instanceof` works across them.
  splitting: true,
  sourcemap: false,
  treeshake: true,
  esbuildPlugins: [inlineTextFiles],
  esbuildOptions(options, { format }) {
    if (format === 'cjs') options.entryPoints = library
  },
}

export default config
