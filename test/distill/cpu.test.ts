import { describe, expect, it } from 'vitest';
import type { StepOptions, StepSettings } from '../../src/distill/step.js';
import type { Graph } from '../../src/graph/graph.js';
import { cpu } from '../../src/lower/cpu/cpu.js';
import { blockSize } from '../../src/runtime/block-size.js';
import { CPU } from '../../src/runtime/device.js';
import { numbers, openStep, resNet } from './steps.js';

const block = await blockSize(CPU);

interface Case {
  readonly title: string;
  readonly networks: () => Graph[];
  readonly settings: Partial<StepSettings>;
  readonly options?: Partial<StepOptions>;
}

const projected = { rule: 'all', beta: 0.1, featureProjection: true } as const;

const CASES: readonly Case[] = [
  {
    title: 'features projected from and to whole blocks of channels',
    networks: () => [resNet([16, 32]), resNet([16, 16, 48])],
    settings: projected,
  },
  {
    title: 'features projected from and to fewer channels than a block',
    networks: () => [resNet([16, 32]), resNet([4, 6])],
    settings: { ...projected, beta: 0.01, featureReduction: 'sum' },
  },
  {
    title: 'own inputs and a frozen teacher',
    networks: () => [resNet([16, 32]), resNet([16, 32])],
    settings: { beta: 0.5, featureReduction: 'sum', teacher: { weight: 1, temperature: 4 } },
    options: { ownInputs: true },
  },
];

/** Rounding, which BatchNormalization's gradient over 4 images amplifies. */
const TOLERANCE = 1e-3;

describe.skipIf(block === undefined)(
  'a step in the blocked layout against the portable one (skipped where ONNX Runtime has none)',
  () => {
    it.each(CASES)('$title', async ({ networks, settings, options = {} }) => {
      const portable = await openStep(networks(), { settings, options });
      const blocked = await openStep(networks(), { settings, options, target: cpu(block as number) });
      const [expected, got] = [await portable.run(), await blocked.run()];
      await Promise.all([portable.close(), blocked.close()]);
      expect(new Set(Object.keys(got))).toEqual(new Set(Object.keys(expected)));
      for (const name of Object.keys(expected)) {
        const values = numbers(expected, name);
        const largest = Math.max(...values.map(Math.abs));
        const other = numbers(got, name);
        const difference = Math.max(...values.map((value, i) => Math.abs(value - (other[i] as number))));
        expect(difference, name).toBeLessThanOrEqual(TOLERANCE * largest + 1e-6);
      }
    });
  },
);
