import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.js';
import { parseDevice } from '../../src/runtime/device.js';
import { Predictor } from '../../src/runtime/predictor.js';
import { Stepper } from '../../src/runtime/stepping/stepper.js';
import { AgonError } from '../../src/util/error.js';
import type { ChildResult } from './child-steps.js';
import { numbersOn, smallStep } from './small-step.js';

/** The Vulkan driver in software that Debian's package chromium has. */
const SOFTWARE_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Steps in a process of its own: the Vulkan loader reads its environment once. */
async function stepsWithDriver(driver: string, device: string, steps: number): Promise<ChildResult> {
  const script = fileURLToPath(new URL('./child-steps.ts', import.meta.url));
  const args = ['--import', 'tsx', script, device, String(steps)];
  const env = { ...process.env, VK_ICD_FILENAMES: driver, VK_DRIVER_FILES: driver };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return JSON.parse(stdout) as ChildResult;
}

describe('cuda', () => {
  it('that is not there is an error that says how to get it, never another device', async () => {
    const device = parseDevice('cuda:1');
    const message =
      /^device cuda:1: can't be used: .*\. The npm package comes without CUDA's libraries: .*--device cpu$/;
    const opened = Stepper.open(smallStep().source, { device });
    await expect(opened).rejects.toBeInstanceOf(AgonError);
    await expect(opened).rejects.toThrow(message);
    const g = new Graph('forward');
    g.output('logits', g.op('Flatten', [g.input('images', 'float32', ['N', 3, 2, 2])]));
    await expect(Predictor.open(g, { device })).rejects.toThrow(message);
  });
});

describe('webgpu', () => {
  it.skipIf(process.platform !== 'linux')('without a driver is an error that says how to get one', async () => {
    const result = await stepsWithDriver('/nowhere.json', 'webgpu', 1);
    expect(result).toMatchObject({ ours: true });
    expect('error' in result && result.error).toMatch(
      /^device webgpu: can't be used: .*It needs a graphics driver: Vulkan on Linux .*--device cpu$/,
    );
  });

  it("gives the CPU's numbers", async ({ skip }) => {
    if (!existsSync(SOFTWARE_DRIVER)) skip(`no Vulkan driver in software (package chromium): ${SOFTWARE_DRIVER}`);
    const result = await stepsWithDriver(SOFTWARE_DRIVER, 'webgpu', 2);
    if ('error' in result && /adapter/.test(result.error)) skip(`that driver can't be used: ${result.error}`);
    if ('error' in result) throw new Error(result.error);
    const expected = await numbersOn('cpu', 2);
    for (const [k, outputs] of expected.outputs.entries()) {
      for (const [name, numbers] of Object.entries(outputs)) {
        expectNear(`${name} of step ${k}`, result.numbers.outputs[k]?.[name], numbers);
      }
    }
    for (const [name, numbers] of Object.entries(expected.state)) expectNear(name, result.numbers.state[name], numbers);
  });
});

/** Within 1e-4, all of them. */
function expectNear(name: string, got: readonly number[] | undefined, expected: readonly number[]): void {
  const differences = expected.map((value, i) => Math.abs(value - (got?.[i] ?? Number.NaN)));
  expect(
    differences.every((difference) => difference <= 1e-4),
    `${name}: ${differences.slice(0, 5)}`,
  ).toBe(true);
}
