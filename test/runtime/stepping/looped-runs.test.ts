import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cpu } from '../../../src/lower/cpu/cpu.js';
import { gpu } from '../../../src/lower/gpu/gpu.js';
import { portable } from '../../../src/lower/portable/portable.js';
import type { Target } from '../../../src/lower/target.js';
import { type Tensor, tensorBytes } from '../../../src/onnx/tensor.js';
import { blockSize } from '../../../src/runtime/block-size.js';
import { CPU, parseDevice } from '../../../src/runtime/device.js';
import { Stepper } from '../../../src/runtime/stepping/stepper.js';
import { type AnyStep, type AnyStepOptions, anyStep } from './any-step.js';

const RESNET = { family: 'resnet-cifar', blocks_per_stage: 1, widths: [4, 8] } as const;
const BLOCKED = { family: 'resnet-cifar', blocks_per_stage: 1, widths: [16, 32] } as const;
const MOBILENET = {
  family: 'mobilenetv2',
  settings_t_c_n_s: [
    [1, 8, 1, 1],
    [2, 8, 1, 2],
  ],
  stem: 8,
  stem_stride: 1,
  last: 16,
  dropout: 0.3,
} as const;

/** Every family, and every form of a step. */
const CASES: readonly (readonly [string, AnyStepOptions])[] = [
  [
    'two that teach each other, by logits and features',
    { nets: [RESNET, RESNET], settings: { beta: 0.5, labelSmoothing: 0.1 } },
  ],
  ['blocks of channels', { nets: [BLOCKED, BLOCKED] }],
  ['wide-resnet, with Dropout', { nets: [{ family: 'wide-resnet', depth: 10, widen_factor: 1, dropout: 0.3 }] }],
  ['resnet, ImageNet’s stem', { nets: [{ family: 'resnet', block: 'basic', blocks: [1, 1], width: 8 }], side: 32 }],
  ['mobilenetv2, with Dropout', { nets: [MOBILENET, RESNET] }],
  ['mobilenetv3', { nets: ['mobilenet_v3_small_cifar'], side: 16 }],
  [
    'AdamW, clipped gradients, a moving average',
    {
      nets: [RESNET, MOBILENET],
      settings: {
        optimizer: { name: 'adamw', lr: 0.01, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 },
        clipNorm: 1,
        ema: 0.9,
      },
    },
  ],
  ['accumulated gradients', { nets: [RESNET, RESNET], settings: { accumulate: 2 } }],
  ['mixed images', { nets: [RESNET, RESNET], options: { mixed: true } }],
  ['a frozen teacher', { nets: [RESNET], settings: { teacher: { weight: 1, temperature: 4 } } }],
];

const block = await blockSize(CPU);
const TARGETS: readonly (readonly [string, Target])[] = [
  ['portable', portable],
  ['laid into vectors', gpu],
  ...(block === undefined ? [] : [['blocked', cpu(block)] as const]),
];

/** Two whole runs of two, and half a one. */
const STEPS = 5;

/** What each step measured, and digests of the last state: to the bit, and small enough to be compared by a test. */
interface Trained {
  readonly measured: readonly ReadonlyMap<string, Tensor>[];
  readonly state: Readonly<Record<string, string>>;
}

async function train({ source, state, feeds }: AnyStep, target: Target, perRun: number): Promise<Trained> {
  const stepper = await Stepper.open(source, { device: CPU, threads: 1, target, perRun });
  try {
    stepper.load(state);
    const burst = stepper.burst();
    for (let k = 0; k < STEPS; k++) await burst.add(feeds(k));
    return { measured: await burst.end(), state: digests(await stepper.state()) };
  } finally {
    await stepper.close();
  }
}

function digests(tensors: ReadonlyMap<string, Tensor>): Record<string, string> {
  const digest = (value: Tensor) => createHash('sha256').update(tensorBytes(value)).digest('hex');
  return Object.fromEntries([...tensors].map(([name, value]) => [name, `[${value.dims}] ${digest(value)}`]));
}

describe.each(TARGETS)('several steps in one run equal one after the other to the bit, %s', (_, target) => {
  it.each(CASES)('%s', async (_, options) => {
    const step = anyStep(options);
    const single = await train(step, target, 1);
    const looped = await train(step, target, 2);
    expect(single.measured).toHaveLength(STEPS);
    expect(looped).toEqual(single);
    // They come to something else in every step
    expect(single.measured[1]?.get('ce')).not.toEqual(single.measured[0]?.get('ce'));
  });
});

describe('several steps in one run', () => {
  it('go on from a state that is replaced between two bursts, one by one as well', async () => {
    const { source, state, feeds } = anyStep({ nets: [RESNET, RESNET] });
    const open = (perRun: number) => Stepper.open(source, { device: CPU, threads: 1, perRun });
    const [single, looped] = [await open(1), await open(4)];
    const second = new Map([...state].filter(([name]) => name.startsWith('net1.')));
    const told: Map<string, Tensor>[][] = [];
    for (const stepper of [single, looped]) {
      stepper.load(state);
      const own = [await stepper.step(feeds(0))];
      stepper.update(second);
      const burst = stepper.burst();
      for (const k of [1, 2, 3, 4, 5]) await burst.add(feeds(k));
      own.push(...(await burst.end()));
      told.push(own);
    }
    expect(told[1]).toEqual(told[0]);
    expect(await looped.state()).toEqual(await single.state());
    await Promise.all([single.close(), looped.close()]);
  });

  it('must be fed alike', async () => {
    const { source, state, feeds } = anyStep({ nets: [RESNET] });
    const stepper = await Stepper.open(source, { device: CPU, threads: 1, perRun: 2 });
    stepper.load(state);
    const burst = stepper.burst();
    await burst.add(feeds(0));
    const { learning_rate: rate } = feeds(1);
    const other = burst.add({ ...feeds(1), labels: rate as Tensor });
    await expect(other).rejects.toThrow('input "labels": expected int64 [4] in all of them, got float32 []');
    await stepper.close();
  });

  it('are refused where the state stays on the device without them', async () => {
    const { source } = anyStep({ nets: [RESNET] });
    const opened = Stepper.open(source, { device: parseDevice('webgpu'), perRun: 4 });
    await expect(opened).rejects.toThrow(/^device webgpu: several steps in one run: expected 1, as .*--log-every/);
  });
});
