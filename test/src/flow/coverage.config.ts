import { defineConfig } from 'vitest/config';

// Every branch of the flow is taken by its tables: what was explored or drawn by lot does not count (npm run coverage:flow).
export default defineConfig({
  test: {
    pool: 'forks',
    setupFiles: ['test/fast-check.setup.ts'],
    testTimeout: 60_000,
    include: ['test/src/flow/*.test.ts'],
    exclude: ['**/exhaustive.test.ts', '**/properties.test.ts'],
    coverage: { enabled: true, provider: 'v8', include: ['src/flow/**'], exclude: ['test/**'], reporter: ['text'], skipFull: true, thresholds: { 100: true } },
  },
});
