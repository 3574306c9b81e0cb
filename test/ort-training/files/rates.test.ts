import { afterEach, describe, expect, it } from 'vitest';
import { initialiseParameters } from '../../../src/nets/initialise.js';
import { createNetwork } from '../../../src/nets/registry.js';
import { encodeModel } from '../../../src/onnx/file.js';
import type { ModelProto } from '../../../src/onnx/model.js';
import { type Tensor, tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { learningRateAt, type Schedule, type ScheduleSettings } from '../../../src/optim/schedule.js';
import { buildOptimizerModel } from '../../../src/ort-training/files/optimizer-model.js';
import { bakeRates, MAX_RATES } from '../../../src/ort-training/files/rates.js';
import { CPU } from '../../../src/runtime/device.js';
import { Session } from '../../../src/runtime/session.js';
import { present } from '../../../src/util/error.js';
import { hasPackage } from './official.js';
import { openExported, randomBatch } from './sessions.js';

const ADAMW = { name: 'adamw', lr: 0.3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 } as const;
const PLAN: Omit<ScheduleSettings, 'schedule'> = { base: 0.3, warmupEpochs: 0.5, epochs: 6, stepsPerEpoch: 10 };
const SCHEDULES: readonly Schedule[] = [
  { name: 'constant' },
  { name: 'multi-step', milestones: [2, 4], gamma: 0.1 },
  { name: 'cosine', min: 0.01 },
  { name: 'linear', end: 0 },
  { name: 'one-cycle', pctStart: 0.3, divFactor: 25, finalDivFactor: 1e4 },
];
const TOTAL = 60;

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** The nodes of an optimizer model that find the rate, with the step as their only input. */
function rateModel({ graph, ...rest }: ModelProto): Uint8Array {
  const isPlain = ({ opType }: { readonly opType: string }) => ['Sub', 'Min', 'Max', 'Gather'].includes(opType);
  return encodeModel({
    ...rest,
    opsetImport: rest.opsetImport.filter(({ domain }) => domain === ''),
    graph: {
      ...graph,
      node: graph.node.filter(isPlain),
      input: graph.input.filter(({ name }) => name === 'step'),
      output: [{ name: 'learning_rate_now', type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 1 }] } } } }],
    },
  });
}

/** The rate that an optimizer model takes in the session's so-manieth step, from 1. */
async function rateIn(model: ModelProto): Promise<(step: number) => Promise<number>> {
  const session = await Session.open(rateModel(model), { device: CPU });
  open.push({ close: () => session.close() });
  return async (step) => {
    const results = await session.run({ step: tensor('int64', [1], [step]) }, ['learning_rate_now']);
    return toNumbers(present(results.get('learning_rate_now'), 'the rate'))[0] as number;
  };
}

describe('the learning rates of an optimizer model', () => {
  it.each(SCHEDULES)('are those of the schedule $name, from the first to the last and on', async (schedule) => {
    const plan = { ...PLAN, schedule };
    const rates = bakeRates(TOTAL, (step) => learningRateAt(step, plan));
    for (const updates of [0, 1000, 2 ** 40]) {
      const rateAt = await rateIn(buildOptimizerModel(ADAMW, rates, updates));
      for (const i of [0, 1, TOTAL / 2, TOTAL - 2, TOTAL - 1])
        expect([i, await rateAt(updates + 1 + i)]).toEqual([i, Math.fround(learningRateAt(i, plan))]);
      expect(await rateAt(updates + 1 + 5 * TOTAL)).toBe(Math.fround(learningRateAt(TOTAL - 1, plan)));
      // A session that counts anew begins with the first
      expect(await rateAt(1)).toBe(Math.fround(learningRateAt(0, plan)));
    }
  });

  it('take no room where the last one stays, and are refused where they take too much', () => {
    expect([...bakeRates(1000, () => 0.5)]).toEqual([0.5]);
    expect([...bakeRates(1000, (step) => (step < 2 ? 1 : 0.5))]).toEqual([1, 1, 0.5]);
    expect(() => bakeRates(MAX_RATES + 1, () => 0.5)).toThrow(
      'learning rate: its schedule is too long to be written down: expected at most 10000000 updates, got 10000001',
    );
  });

  it.skipIf(!hasPackage)('go on from the updates of AdamW’s moments in the official session', async () => {
    const network = createNetwork('resnet8', { classes: 10, channels: 3, height: 16, width: 16 });
    const first = initialiseParameters(network, 1, 0);
    const zeros = ({ dims, data }: Tensor) => tensor('float32', dims, new Float32Array(data.length));
    const trained = [...network.parameters].filter(([, { role }]) => role === 'weight');
    const moments = trained.flatMap(([name]) =>
      ['exp_avg', 'exp_avg_sq'].map((state) => [`${name}.${state}`, zeros(first.get(name) as Tensor)] as const),
    );
    const weights = new Map([...first, ...moments]);
    const rates = [0.5, 0.25, 0];
    const updates = 1000;
    const session = await openExported({ network, weights, updates, batch: 8, optimizer: ADAMW, rates });
    open.push(session);
    const moved: number[] = [];
    for (const _ of [...rates, 0]) {
      const before = await session.parameters({ trainableOnly: true });
      await session.resetGradients();
      await session.trainStep(randomBatch(8, [3, 16, 10], 0));
      await session.optimizerStep();
      const after = await session.parameters({ trainableOnly: true });
      moved.push(Math.max(...before.map((value, i) => Math.abs(value - (after[i] as number)))));
    }
    expect(moved.map((largest) => largest > 0)).toEqual([true, true, false, false]);
  });
});
