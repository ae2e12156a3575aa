import { defineConfig } from 'vitest/config'

// Two projects: `unit` needs nothing but Node; `real` needs the components that `scripts/setup` brings (Docker, git servers, kubectl ...).
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{controller,periphery,standalone,cli,scripts,test}/**/*.test.ts'],
          exclude: ['test/{integration,conformance,e2e}/**', '**/node_modules/**'],
        },
      },
      {
        test: {
          name: 'real',
          include: ['test/{integration,conformance,e2e}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
