import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openOrigin } from '../../src/group/origin.js';
import { tensor, toNumbers } from '../../src/onnx/tensor.js';
import type { SettingsInput } from '../../src/settings/settings.js';
import { readCheckpoint, writeCheckpoint } from '../../src/store/checkpoint.js';
import { readResult } from '../../src/store/result.js';
import { runPaths } from '../../src/store/run-folder.js';
import { eventsOf, MOBILENET, RESNET, resultsOf, runHere, smallData, smallSettings, temporaryFolder } from './runs.js';

const ADAMW = { name: 'adamw', lr: 0.02 } as const;

/** Sets the loss scale of a run's first network, which it goes on with. */
async function setScale(folder: string, scale: number): Promise<void> {
  const { last } = runPaths(folder);
  const checkpoint = await readCheckpoint(last);
  const tensors = new Map([...checkpoint.tensors, ['net0.loss_scale', tensor('float32', [], [scale])]]);
  await writeCheckpoint(last, { ...checkpoint, tensors });
}

describe('a run in float16', () => {
  it('learns what one in float32 does', async () => {
    const data = await smallData({ test: 'right' });
    const options: SettingsInput = {
      epochs: 6,
      nets: [RESNET, MOBILENET],
      ema: 0.8,
      optimizer: { name: 'sgd', lr: 0.1 },
    };
    const half = await runHere(smallSettings(data, { ...options, precision: 'float16' }));
    const single = await runHere(smallSettings(data, options));
    const [own, usual] = [
      await readResult(runPaths(half.folder).result),
      await readResult(runPaths(single.folder).result),
    ];
    const networks = own?.last.test?.networks ?? [];
    expect(networks).toHaveLength(2);
    for (const [i, { loss, accuracy }] of networks.entries()) {
      const expected = usual?.last.test?.networks[i];
      expect(Math.abs(loss - (expected?.loss ?? Number.NaN)), `loss ${i}`).toBeLessThan(0.05);
      expect(Math.abs(accuracy - (expected?.accuracy ?? Number.NaN)), `accuracy ${i}`).toBeLessThanOrEqual(2 / 24);
      expect(loss).not.toBe(expected?.loss);
    }
    // Far above chance: something was learned
    expect(Math.max(...networks.map(({ accuracy }) => accuracy))).toBeGreaterThan(0.75);
    const [step] = eventsOf(half.events, 'step');
    expect(step).toMatchObject({ lossScale: [65536, 65536], overflowed: [0, 0] });
    expect(eventsOf(single.events, 'step')[0]).not.toHaveProperty('lossScale');
    expect(eventsOf(half.events, 'warning').map(({ message }) => message)).toEqual([
      expect.stringMatching(/precision float16 on the CPU: it computes in float32/),
    ]);
    // What it ships, and what others begin with, is float32 and knows nothing of it
    const { weights } = await openOrigin(half.folder);
    expect([...weights.tensors.keys()].filter((name) => /loss_scale|growth_tracker/.test(name))).toEqual([]);
    expect([...weights.tensors.values()].every(({ dtype }) => dtype === 'float32')).toBe(true);
  });

  it('skips steps whose gradients overflow, says so, and goes on to the bit', async () => {
    const data = await smallData();
    const settings = smallSettings(data, { epochs: 4, precision: 'float16', optimizer: ADAMW });
    const first = await runHere(settings, { stopAfter: 2 });
    await setScale(first.folder, 2 ** 24);
    const copy = join(await temporaryFolder(), 'copy');
    await cp(first.folder, copy, { recursive: true });
    const whole = await runHere(settings, { folder: first.folder, resume: true });
    const part = await runHere(settings, { folder: copy, resume: true, stopAfter: 2 });
    const rest = await runHere(settings, { folder: copy, resume: true });
    expect([whole.outcome, part.outcome, rest.outcome]).toEqual(['finished', 'stopped', 'finished']);
    expect(await resultsOf(copy)).toEqual(await resultsOf(first.folder));
    const [own, other] = [await readCheckpoint(runPaths(copy).last), await readCheckpoint(runPaths(first.folder).last)];
    expect(own.tensors).toEqual(other.tensors);
    const steps = eventsOf(whole.events, 'step');
    const skipped = steps.filter(({ overflowed }) => overflowed?.[0] === 1);
    expect(skipped.length).toBeGreaterThan(0);
    expect(skipped.length).toBeLessThan(steps.length);
    // Each halves it
    expect(skipped.map(({ lossScale }) => lossScale?.[0])).toEqual(skipped.map((_, i) => 2 ** (24 - i)));
    const state = own.tensors.get('net0.skipped_beta1');
    expect(toNumbers(state ?? tensor('float32', [], [0]))[0]).toBeCloseTo(0.9 ** -skipped.length - 1, 4);
    expect(steps.every(({ overflowed }) => overflowed?.[1] === 0)).toBe(true);
  });

  it('ends where gradients overflow whatever the loss scale is', async () => {
    const data = await smallData();
    // Images of which no activation is in the range of float16
    const normalisation = { mean: [0], std: [1e-7] };
    const run = runHere(smallSettings(data, { precision: 'float16', normalisation }));
    await expect(run).rejects.toThrow(/its loss is .* expected finite numbers in float16.*--precision float32/s);
  });

  it('is refused by the engine ort-training, and is not what a run in float32 goes on as', async () => {
    const data = await smallData();
    const settings = smallSettings(data);
    const { folder } = await runHere(settings, { stopAfter: 2 });
    const resumed = runHere({ ...settings, precision: 'float16' }, { folder, resume: true });
    await expect(resumed).rejects.toThrow(/setting "precision" is not the one of the run in this folder/);
    const official = { engine: 'ort-training', optimizer: { name: 'sgd', lr: 0.1, momentum: 0 } } as const;
    await expect(runHere(smallSettings(data, { ...official, precision: 'float16' }))).rejects.toThrow(
      /precision with the engine ort-training/,
    );
  });
});
