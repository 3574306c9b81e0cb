import { configDefaults, defineConfig } from 'vitest/config';
import { turnOffTelemetry } from './src/runtime/telemetry.js';
import { DEVICES, LONGEST, SLOW } from './test/tiers.js';

// Tests load ONNX Runtime themselves as well.
turnOffTelemetry();

const slow = SLOW.filter((path) => process.env.AGON_TESTS !== 'ci' || !LONGEST.includes(path));
const shared = { testTimeout: 180_000, hookTimeout: 180_000 };

export default defineConfig({
  test: {
    // Two workers: each test file may open ONNX Runtime sessions with threads of their own.
    maxWorkers: 2,
    projects: [
      {
        // In processes that load the sources once
        test: {
          ...shared,
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...SLOW, DEVICES],
          isolate: false,
        },
      },
      { test: { ...shared, name: 'slow', include: slow } },
      // CI runs it by itself, where there is a driver
      ...(process.env.AGON_TESTS === 'ci' ? [] : [{ test: { ...shared, name: 'devices', include: [DEVICES] } }]),
    ],
  },
});
