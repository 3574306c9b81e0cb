import { expect, it } from 'vitest';
import { evaluateRun } from '../../src/evaluate/evaluate-run.js';
import { openOrigin } from '../../src/group/origin.js';
import { readModelFile } from '../../src/onnx/file.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { readResult } from '../../src/store/result.js';
import { runPaths } from '../../src/store/run-folder.js';
import { eventsOf, resultsOf, runHere, smallData, smallSettings } from './runs.js';

// Three steps an epoch: the second update takes in the last step of the first epoch and the first of the second
const TUNING = {
  ...{ epochs: 3, accumulate: 2, clipNorm: 0.5, ema: 0.8, warmupEpochs: 1 },
  ...{ layerDecay: 0.8, headLrFactor: 3, normWeightDecay: false },
};

it('a run with averages, groups of rates and accumulated gradients goes on to the bit from amid an update', async () => {
  const data = await smallData();
  const settings = smallSettings(data, { ...TUNING, optimizer: { name: 'adamw', lr: 0.02 } });
  const whole = await runHere(settings);
  const first = await runHere(settings, { stopAfter: 5 });
  const second = await runHere(settings, { folder: first.folder, resume: true });
  expect([first.outcome, second.outcome]).toEqual(['stopped', 'finished']);
  expect(await resultsOf(second.folder)).toEqual(await resultsOf(whole.folder));
  // What a run from this one begins with: neither sums of gradients nor averages
  const { weights } = await openOrigin(whole.folder);
  expect([...weights.tensors.keys()].filter((name) => /\.(accumulated|ema|exp_avg)$/.test(name))).toEqual([]);
  expect(weights.tensors.has('net0.fc.weight')).toBe(true);
  const rates = eventsOf(whole.events, 'step').map(({ lr }) => lr);
  expect(rates.map((lr, i) => lr === rates[i + 1])).toEqual([
    true,
    false,
    true,
    false,
    true,
    false,
    true,
    false,
    false,
  ]);
});

it('averages count in place of weights where they validate better, in result, checkpoint, export and evaluation', async () => {
  const data = await smallData({ test: 'right' });
  // Rates at which weights swing, so that their average is better
  const swinging = { schedule: { name: 'constant' }, optimizer: { name: 'sgd', lr: 0.6 } } as const;
  const settings = smallSettings(data, { epochs: 3, ema: 0.5, ...swinging });
  const { folder, events } = await runHere(settings);
  const { best: path, last, result, winner } = runPaths(folder);
  const [checkpoint, final, said] = [await readCheckpoint(path), await readCheckpoint(last), await readResult(result)];
  const validation = checkpoint.best?.validation ?? [];
  // One of each kind
  expect(validation.filter(({ ema }) => ema)).toHaveLength(1);
  for (const [i, { ema }] of validation.entries()) {
    const [weight, average] = ['', '.ema'].map((end) => checkpoint.tensors.get(`net${i}.fc.weight${end}`)?.data);
    if (ema) expect(weight).toEqual(average);
    else expect(weight).not.toEqual(average);
  }
  // What the run goes on from has both
  expect(final.tensors.get('net0.fc.weight')?.data).not.toEqual(final.tensors.get('net0.fc.weight.ema')?.data);
  const flags = validation.map(({ ema }) => ema);
  expect(said?.best.validation?.networks.map(({ ema }) => ema)).toEqual(flags);
  expect(said?.best.test?.networks.map(({ ema }) => ema)).toEqual(flags);
  expect(said?.last.validation?.networks.some(({ ema }) => ema)).toBe(false);
  const about = (await readModelFile(winner)).metadataProps?.find(({ key }) => key === 'agon')?.value ?? '{}';
  const agon = JSON.parse(about) as { ema?: true };
  expect(agon.ema).toBe(flags[said?.winner ?? 0]);
  const { results } = await evaluateRun(folder, { checkpoint: 'best', split: 'validation' });
  results.forEach(({ evaluation }, i) => {
    expect(evaluation.accuracy).toBeCloseTo(validation[i]?.accuracy ?? -1, 6);
    expect(evaluation.loss).toBeCloseTo(validation[i]?.loss ?? -1, 4);
    expect(evaluation.ema).toBe(flags[i]);
  });
  expect(
    eventsOf(events, 'epoch')
      .at(checkpoint.best?.epoch ?? 0)
      ?.networks.map(({ validation: each }) => each?.ema),
  ).toEqual(flags);
});
