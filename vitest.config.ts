import { defineConfig } from 'vitest/config'
import type { ViteUserConfig } from 'vitest/config'

// Tests that start database servers are slow to begin and share two cores with them: hence the long limit and the few workers.
const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    pool: 'forks',
    reporters: ['default', './test/support/summary.ts'],
  },
})
export default config
