import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runOnDevice } from '../../../scripts/verify/device-run.js';
import { readGolden } from '../../../scripts/verify/golden.js';
import { holds } from '../../../scripts/verify/quantity.js';
import { judge } from '../../../scripts/verify/replay.js';
import { ofLargest, type Tolerances, within } from '../../../scripts/verify/tolerances.js';
import { emulatedHalf } from '../../../src/lower/half/half.js';
import { toNumbers } from '../../../src/onnx/tensor.js';
import { CPU } from '../../../src/runtime/device.js';

const FOLDER = fileURLToPath(new URL('../../fixtures/golden', import.meta.url));
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.safetensors'));

/** A number of float16 is up to 4.9e-4 off; so many times that is allowed as these networks are deep. docs/float16.md names these. */
const FLOAT16: Tolerances = {
  losses: within(5e-4),
  logits: ofLargest(3e-3, 0),
  // Some are 0 but for rounding
  gradients: ofLargest(6e-3, 2e-5),
  teachers: within(0),
  final: within(5e-4),
  evaluation: within(5e-3),
};
/** AdamW moves a parameter by its rate however small the gradient is. */
const FINAL_ADAMW = within(5e-3);
/** How far past a kink an element may be that took its other side, as a share of the largest entry of its tensor. */
const SIDES = 4e-3;

describe('a training in float16 agrees with PyTorch in float64, on the sides of kinks that it took', () => {
  it.each(FILES.map((file) => [basename(file, '.safetensors'), file]))('in %s', async (_, file) => {
    const golden = await readGolden(join(FOLDER, file));
    const run = await runOnDevice(await readGolden(join(FOLDER, file), 'float16'), CPU, emulatedHalf);
    for (const step of run.steps) {
      const overflowed = step.get('overflowed');
      expect(overflowed && toNumbers(overflowed)).toEqual(golden.networks.map(() => 0));
    }
    const isAdamW = golden.settings.optimizer.name === 'adamw';
    const { device, sides } = judge(golden, run, isAdamW ? { ...FLOAT16, final: FINAL_ADAMW } : FLOAT16);
    const names = device.map(({ name }) => name);
    expect(names).toContain('step-0 gradients');
    expect(device.filter((each) => each.name !== 'sides' && !holds(each))).toEqual([]);
    expect(device.find(({ name }) => name === 'sides')?.deviation).toBeLessThan(SIDES);
    expect(sides.crossed).toBeLessThan(1e-3 * sides.elements);
    // It is float16: no training in float32 is as far off
    expect(device.find(({ name }) => name === 'step-0 gradients')?.deviation).toBeGreaterThan(1e-5);
  });
});
