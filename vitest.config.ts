import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    // The tests are what the machine is for: by default one core stays idle.
    maxWorkers: '100%',
    setupFiles: ['test/fast-check.setup.ts'],
    // Machines are shared and noisy: a limit is there to end what hangs, not to judge speed.
    testTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**', 'test/torture/**'] } },
      // What runs the compiled program has it compiled first.
      { extends: true, test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], globalSetup: ['test/e2e/compile.ts'], testTimeout: 60_000 } },
      { extends: true, test: { name: 'torture', include: ['test/torture/**/*.test.ts'], globalSetup: ['test/torture/compile.ts'], testTimeout: 180_000 } },
    ],
    coverage: { provider: 'v8', include: ['src/**', 'actors/**', 'sim/**'] },
  },
});
