import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, type TestContext } from 'vitest';
import { type Answers, JOBS, type JobName } from './jobs.js';
import { EXPECTED, PLACES, type PlaceName } from './places.js';

/** The Vulkan driver in software that Debian's package chromium has: used where it is, else the machine's own. */
const SOFTWARE_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** What a job answered, or why it can't run there. */
export type Outcome = Answers | { readonly absent: string };

/** What a job should answer. */
export const expectedOf = (job: JobName): Promise<Answers> => JOBS[job](EXPECTED);

/** Runs a job in a place; on WebGPU in a process of its own, as the Vulkan loader reads its environment once. */
export async function answersOf(job: JobName, name: PlaceName): Promise<Outcome> {
  if (name === 'webgpu') return onWebGpu(job);
  const place = await PLACES[name]();
  return place ? JOBS[job](place) : { absent: 'this ONNX Runtime has no blocked layout on this processor' };
}

async function onWebGpu(job: JobName): Promise<Outcome> {
  const script = fileURLToPath(new URL('./child.ts', import.meta.url));
  const driver = existsSync(SOFTWARE_DRIVER) && { VK_ICD_FILENAMES: SOFTWARE_DRIVER, VK_DRIVER_FILES: SOFTWARE_DRIVER };
  const options = { env: { ...process.env, ...driver }, maxBuffer: 2 ** 30 };
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, job], options);
  const outcome = JSON.parse(stdout) as Answers | { error: string };
  if (!('error' in outcome)) return outcome as Answers;
  const error = outcome.error as string;
  if (/adapter|device webgpu: can't be used/i.test(error)) return { absent: `no driver for WebGPU: ${error}` };
  throw new Error(error);
}

/** The answers of an outcome; without any the test is skipped, saying why. */
export function present(outcome: Outcome, { skip }: Pick<TestContext, 'skip'>): Answers {
  if ('absent' in outcome) return skip(outcome.absent as string);
  return outcome;
}

/** Numbers below this are the rounding of larger ones, which cancel out: they needn't be near relative to themselves. */
const FLOOR = 0.01;

/** Holds numbers against others, within so much of the largest of them. */
export function expectNear(
  got: readonly number[] | undefined,
  expected: readonly number[],
  limit: number,
  name: string,
): void {
  expect(got?.length, name).toBe(expected.length);
  const sizes = expected.map(Math.abs).filter(Number.isFinite);
  const largest = sizes.reduce((most, size) => Math.max(most, size), FLOOR);
  const errors = expected.map((value, i) => {
    const other = got?.[i] ?? Number.NaN;
    return Object.is(value, other) || value === other ? 0 : Math.abs(value - other) / largest;
  });
  const worst = errors.reduce((most, error) => (error <= most ? most : error), 0);
  expect(worst, name).toBeLessThanOrEqual(limit);
}
