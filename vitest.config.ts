import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two workers: each test file may open ONNX Runtime sessions with threads of their own.
    maxWorkers: 2,
  },
});
