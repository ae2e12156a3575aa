import { defineConfig } from 'vitest/config'

// Three projects: `unit` needs nothing but Node; `real` needs the components that `scripts/setup` brings (Docker, git servers, kubectl ...);
// `conformance` holds one Kubernetes API against what a real kube-apiserver answered (test/conformance/setup.ts says which).
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          sequence: { groupOrder: 1 },
          // Properties take a while on a busy machine.
          testTimeout: 30_000,
          include: ['{controller,periphery,standalone,cli,scripts,test}/**/*.test.ts'],
          exclude: ['test/{integration,conformance,e2e}/**', '**/node_modules/**'],
        },
      },
      {
        test: {
          name: 'real',
          sequence: { groupOrder: 3 },
          include: ['test/{integration,e2e}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'conformance',
          sequence: { groupOrder: 2 },
          include: ['test/conformance/**/*.test.ts'],
          globalSetup: ['test/conformance/setup.ts'],
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
