import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runInFloat64 } from '../../scripts/verify/float64-run.js';
import { readGolden } from '../../scripts/verify/golden.js';
import { holds } from '../../scripts/verify/quantity.js';
import { judge } from '../../scripts/verify/replay.js';
import { deviceTolerances, FLOAT32_BITS, sidesTolerance } from '../../scripts/verify/tolerances.js';

const FOLDER = fileURLToPath(new URL('../fixtures/golden', import.meta.url));
/** One for each optimizer: the others take longer, and were as far off. */
const FILES = ['poolnet-sgd.safetensors', 'mobilenetv2-tiny-adamw.safetensors'];
const TF32_BITS = 10;

const view = new DataView(new ArrayBuffer(4));

/** A number's nearest with 10 bits of mantissa in place of float32's 23; halves away from zero. */
function toTf32(value: number): number {
  view.setFloat32(0, value);
  view.setUint32(0, (view.getUint32(0) + 0x1000) & ~0x1fff);
  return view.getFloat32(0);
}

it('rounds to ten bits of mantissa', () => {
  expect([1, 1 + 2 ** -10, 1 + 2 ** -11, 1 + 2 ** -12, -3].map(toTf32)).toEqual([1, 1 + 2 ** -10, 1 + 2 ** -10, 1, -3]);
});

describe.each(FILES)('a device that multiplies in TF32, on %s', (file) => {
  it('is within its own tolerances, and not within those of float32', async () => {
    const golden = await readGolden(join(FOLDER, file));
    const run = runInFloat64(golden, undefined, toTf32);
    const exceeded = (bits: number) => {
      const { device } = judge(golden, run, deviceTolerances(golden, bits), sidesTolerance(golden, bits));
      return device.filter((quantity) => !holds(quantity)).map(({ name }) => name);
    };
    expect(exceeded(TF32_BITS)).toEqual([]);
    expect(exceeded(FLOAT32_BITS)).toContain('step-0 gradients');
  });
});
