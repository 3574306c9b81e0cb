import { defineConfig } from 'vitest/config';
import { turnOffTelemetry } from './src/runtime/telemetry.js';

// Tests load ONNX Runtime themselves as well.
turnOffTelemetry();

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Two workers: each test file may open ONNX Runtime sessions with threads of their own.
    maxWorkers: 2,
  },
});
