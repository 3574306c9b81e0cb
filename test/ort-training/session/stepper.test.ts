import { describe, expect, it } from 'vitest';
import { METRICS } from '../../../src/distill/step.js';
import { type Tensor, tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { hasOrtTraining } from '../../../src/ort-training/session/library.js';
import type { SettingsInput } from '../../../src/settings/settings.js';
import { difference, MOBILENET, openOfficial, openOwn, RESNET, training, WIDER } from './engines.js';

const STEPS = [0, 1, 2, 3, 4, 5];
const adamw = { name: 'adamw', weightDecay: 0.1 } as const;
const teacher = { model: 'frozen', weight: 0.5, temperature: 3 };

const CASES: readonly (readonly [string, SettingsInput])[] = [
  ['one network', { nets: [RESNET] }],
  ['two in competition', { labelSmoothing: 0.1 }],
  [
    'three with Dropout, softened',
    { nets: [RESNET, MOBILENET, WIDER], rule: 'all-better', alpha: 0.7, temperature: 2 },
  ],
  ['two that only learn alone', { rule: 'none', optimizer: adamw }],
  ['a frozen teacher alone', { rule: 'none', teacher }],
  ['a frozen teacher beside the others', { rule: 'all', temperature: 3, teacher, optimizer: adamw }],
  ['AdamW as Hugging Face has it', { optimizer: { ...adamw, variant: 'huggingface' } }],
];

const isVariance = (name: string) => name.endsWith('running_var');

function fill(tensors: ReadonlyMap<string, Tensor>, value: number): void {
  for (const { data } of tensors.values()) (data as Float32Array).fill(value);
}

describe.skipIf(!hasOrtTraining())('the official sessions as an engine (skipped without the package)', () => {
  it.each(CASES)("agree with Agon's own engine on %s: losses, teachers, parameters", async (_, overrides) => {
    const run = training(overrides);
    const [own, official] = [await openOwn(run), await openOfficial(run)];
    for (const stepper of [own, official]) stepper.load(run.state);
    for (const k of STEPS) {
      const [expected, got] = [await own.step(run.feeds(k)), await official.step(run.feeds(k))];
      expect([...got.keys()].sort()).toEqual([...METRICS, 'teachers'].sort());
      for (const [name, value] of expected) {
        expect(difference(got.get(name), value), `${name} of step ${k}`).toBeLessThan(1e-4);
      }
    }
    const [expected, got] = [await own.state(), await official.state()];
    const names = run.step.state.filter((name) => run.step.graph.parameters.get(name)?.role !== 'optimizer');
    expect([...got.keys()].sort()).toEqual(names.sort());
    for (const name of names.filter((each) => !isVariance(each))) {
      expect(difference(got.get(name), expected.get(name)), name).toBeLessThan(1e-4);
      expect(difference(got.get(name), run.state.get(name)), `${name} has changed`).toBeGreaterThan(0);
    }
  });

  it('take in the biased variance of a batch', async () => {
    const run = training({ nets: [RESNET] });
    const [own, official] = [await openOwn(run), await openOfficial(run)];
    for (const stepper of [own, official]) {
      stepper.load(run.state);
      await stepper.step(run.feeds(0));
    }
    // Of 8 images of 8 x 8: running' = 0.9 + 0.1 * variance, unbiased by n / (n - 1)
    const n = 8 * 8 * 8;
    const name = 'net0.bn1.running_var';
    const [unbiased, biased] = [await own.state([name]), await official.state([name])].map((state) =>
      toNumbers(state.get(name) as Tensor),
    ) as [number[], number[]];
    biased.forEach((value, i) => {
      expect((value - 0.9) * (n / (n - 1))).toBeCloseTo((unbiased[i] as number) - 0.9, 6);
    });
  });

  it('go on with AdamW from moments that they are given', async () => {
    const run = training({ optimizer: adamw });
    const own = await openOwn(run);
    own.load(run.state);
    for (const k of [0, 1, 2]) await own.step(run.feeds(k));
    const moments = await own.state();
    const official = await openOfficial(run, 3, { updates: 3, moments });
    official.load(moments);
    for (const k of [3, 4, 5]) {
      const [expected, got] = [await own.step(run.feeds(k)), await official.step(run.feeds(k))];
      expect(difference(got.get('total'), expected.get('total'))).toBeLessThan(1e-4);
    }
    const [expected, got] = [await own.state(), await official.state()];
    const name = 'net1.fc.weight';
    expect(difference(got.get(name), expected.get(name))).toBeLessThan(1e-5);
  });

  it('have the state that they are given, go on from it, and share no memory with it', async () => {
    const run = training();
    const [stepper, other] = [await openOfficial(run), await openOfficial(run, 2)];
    const given = training().state;
    stepper.load(given);
    fill(given, 7);
    expect(await stepper.state()).toEqual(run.state);
    for (const k of [0, 1]) await stepper.step(run.feeds(k));
    other.load(await stepper.state());
    fill(await stepper.state(), 7);
    expect(await stepper.step(run.feeds(2))).toEqual(await other.step(run.feeds(2)));
    expect(await stepper.state()).toEqual(await other.state());
  });

  it('go on with some tensors replaced as with a whole state that has them', async () => {
    const run = training();
    const [stepper, other] = [await openOfficial(run), await openOfficial(run, 1)];
    stepper.load(run.state);
    await stepper.step(run.feeds(0));
    const names = ['net1.fc.weight', 'net0.bn1.running_mean'];
    const before = await stepper.state();
    const some = await stepper.state(names);
    expect([...some.keys()]).toEqual(names);
    fill(some, 0.5);
    stepper.update(some);
    const expected = new Map([...before, ...some]);
    expect(await stepper.state()).toEqual(expected);
    other.load(expected);
    expect(await stepper.step(run.feeds(1))).toEqual(await other.step(run.feeds(1)));
    expect(await stepper.state()).toEqual(await other.state());
  });

  it('refuse tensors that are missing, of another shape, or none of theirs, and replace nothing', async () => {
    const run = training({ nets: [RESNET] });
    const stepper = await openOfficial(run);
    stepper.load(run.state);
    const lacking = new Map([...run.state].filter(([name]) => name !== 'net0.fc.bias'));
    expect(() => stepper.load(lacking, 'my.safetensors')).toThrow('my.safetensors: tensor "net0.fc.bias" is missing');
    const zero = tensor('float32', [5], [0, 0, 0, 0, 0]);
    const wrong = tensor('float32', [4], [0, 0, 0, 0]);
    const updated = (name: string, value: Tensor) => () =>
      stepper.update(
        new Map([
          ['net0.fc.bias', zero],
          [name, value],
        ]),
      );
    expect(updated('net0.bn1.bias', zero)).toThrow('tensor "net0.bn1.bias": expected float32 [4], got float32 [5]');
    expect(updated('net0.bn1.bias', tensor('float64', [4], [0, 0, 0, 0]))).toThrow('got float64 [4]');
    expect(updated('net7.fc.bias', wrong)).toThrow('"net7.fc.bias" is no parameter');
    await expect(stepper.state(['net7.fc.bias'])).rejects.toThrow('"net7.fc.bias" is no parameter');
    expect(await stepper.state()).toEqual(run.state);
  });

  it('name what a step lacks', async () => {
    const run = training({ nets: [RESNET] });
    const stepper = await openOfficial(run);
    stepper.load(run.state);
    const { labels } = run.feeds(0) as { labels: Tensor };
    await expect(stepper.step({ labels })).rejects.toThrow('ONNX Runtime training: input "images" is missing');
  });
});
