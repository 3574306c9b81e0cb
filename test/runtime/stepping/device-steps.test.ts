import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { parseDevice } from '../../../src/runtime/device.js';
import type * as ort from '../../../src/runtime/onnxruntime.js';
import { measuresOn } from '../../../src/runtime/stepping/measures.js';
import type { Stepped } from './child-regression.js';
import { regression, squaredErrors } from './regression.js';
import { preparedPixels } from './some-pixels.js';

/** The Vulkan driver in software that Debian's package chromium has. */
const SOFTWARE_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const MEBIBYTE = 2 ** 20;

/** What a script prints in a process of its own, whose memory is its own, and which finds the driver: undefined where there is none. */
async function childOn<Result extends object>(
  script: string,
  device: string,
  ...more: string[]
): Promise<Result | undefined> {
  if (device === 'webgpu' && !existsSync(SOFTWARE_DRIVER)) return undefined;
  const path = fileURLToPath(new URL(script, import.meta.url));
  const args = ['--expose-gc', '--import', 'tsx', path, device, ...more];
  const env = { ...process.env, VK_ICD_FILENAMES: SOFTWARE_DRIVER, VK_DRIVER_FILES: SOFTWARE_DRIVER };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: 2 ** 30 });
  const result = JSON.parse(stdout) as Result | { readonly error: string };
  if (!('error' in result)) return result;
  if (device === 'webgpu' && /adapter/.test(result.error)) return undefined;
  throw new Error(result.error);
}

const stepsOn = (device: string, bursts: readonly number[], perRun = 1) =>
  childOn<Stepped>('./child-regression.ts', device, bursts.join(), String(perRun));

const NO_DRIVER = `no Vulkan driver in software (package chromium) that can be used: ${SOFTWARE_DRIVER}`;

describe.each(['cpu', 'webgpu'])('steps in bursts on %s', (device) => {
  // More than are copied at once; one alone; fewer than are
  const bursts = [18, 1, 5];

  it('measure what plain loops do, each its own', async ({ skip }) => {
    const stepped = (await stepsOn(device, bursts)) ?? skip(NO_DRIVER);
    const expected = squaredErrors(24);
    expect(stepped.measured).toHaveLength(24);
    for (const [k, { loss, squares }] of stepped.measured.entries()) {
      const own = expected[k] as number[];
      const differences = own.map((value, i) => Math.abs(value - (squares?.[i] ?? Number.NaN)));
      expect(Math.max(...differences), `step ${k}`).toBeLessThan(1e-3);
      const sum = own.reduce((a, b) => a + b, 0);
      expect(loss?.[0], `step ${k}`).toBeCloseTo(sum, 1);
    }
  });
});

describe.each(['cpu', 'webgpu'])('images as bytes on %s', (device) => {
  it('are moved and normalised as plain loops do', async ({ skip }) => {
    const { numbers } = (await childOn<{ numbers: number[] }>('./child-prepare.ts', device)) ?? skip(NO_DRIVER);
    const differences = preparedPixels().map((expected, i) => Math.abs(expected - (numbers[i] ?? Number.NaN)));
    expect(Math.max(...differences)).toBeLessThan(1e-6);
  });
});

describe('over 1,000 steps memory stays what it is', () => {
  /** A leak of the state would be 64 MB, one of what is fed 40. */
  const MOST = 24 * MEBIBYTE;
  const bursts = Array.from({ length: 100 }, () => 10);

  it.for([
    ['cpu', 1],
    ['cpu', 10],
    ['webgpu', 1],
  ] as const)('on %s, with %i in one run', async ([device, perRun], { skip }) => {
    const stepped = (await stepsOn(device, bursts, perRun)) ?? skip(NO_DRIVER);
    const begin = Math.max(...stepped.resident.slice(0, 30));
    const end = Math.min(...stepped.resident.slice(-5));
    expect(end - begin).toBeLessThan(MOST);
  });
});

describe('what steps have measured on a device', () => {
  const kept = () => {
    const { measures } = measuresOn(parseDevice('webgpu'), regression());
    const value = { dispose: vi.fn() };
    measures.keep({ measures: value as unknown as ort.Tensor });
    return { measures, value };
  };

  it('frees its memory when it was asked for, though it could not be copied, or at the end', async () => {
    const [asked, closed] = [kept(), kept()];
    await expect(asked.measures.take()).rejects.toThrow();
    expect(asked.value.dispose).toHaveBeenCalledOnce();
    await asked.measures.close().catch(() => undefined);
    await closed.measures.close();
    expect(closed.value.dispose).toHaveBeenCalledOnce();
  });
});
