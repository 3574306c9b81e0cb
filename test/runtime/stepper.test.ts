import { describe, expect, it, onTestFinished } from 'vitest';
import { portable } from '../../src/lower/portable/portable.js';
import { type Tensor, tensor } from '../../src/onnx/tensor.js';
import { CPU } from '../../src/runtime/device.js';
import { Stepper } from '../../src/runtime/stepping/stepper.js';
import { feeds, numbersOf, smallStep } from './small-step.js';

const { step, source, state } = smallStep();

const TARGETS = { 'as it is': undefined, 'in vectors': { ...portable, flatState: true } } as const;

async function openStepper(layout: keyof typeof TARGETS): Promise<Stepper> {
  const stepper = await Stepper.open(source, { device: CPU, threads: 1, target: TARGETS[layout] });
  onTestFinished(() => stepper.close());
  return stepper;
}

/** The state with one tensor replaced, or left out. */
function changed(name: string, value: Tensor | undefined): Map<string, Tensor> {
  const copy = new Map(state);
  if (value) copy.set(name, value);
  else copy.delete(name);
  return copy;
}

function fill(tensors: ReadonlyMap<string, Tensor>, value: number): void {
  for (const { data } of tensors.values()) (data as Float32Array).fill(value);
}

describe.each(Object.keys(TARGETS) as (keyof typeof TARGETS)[])('a stepper with its state %s', (layout) => {
  it('has the state that it was given', async () => {
    const stepper = await openStepper(layout);
    stepper.load(state);
    expect(await stepper.state()).toEqual(new Map(step.state.map((name) => [name, state.get(name)])));
  });

  it('shares no memory with what it is given, nor with what it gives', async () => {
    const stepper = await openStepper(layout);
    stepper.load(state);
    const first = await stepper.step(feeds(0));
    const [firstNumbers, after] = [numbersOf(first), numbersOf(await stepper.state())];
    const second = await stepper.step(feeds(1));
    const secondNumbers = numbersOf(second);

    const given = new Map(Array.from(state, ([name, { dims, data }]) => [name, tensor('float32', dims, data)]));
    stepper.load(given);
    fill(given, 7);
    expect(numbersOf(await stepper.step(feeds(0)))).toEqual(firstNumbers);
    const taken = await stepper.state();
    fill(taken, 7);
    expect(numbersOf(await stepper.state())).toEqual(after);
    expect(numbersOf(await stepper.step(feeds(1)))).toEqual(secondNumbers);
    // Later steps leave the outputs of earlier ones alone.
    await stepper.step(feeds(2));
    expect([numbersOf(first), numbersOf(second)]).toEqual([firstNumbers, secondNumbers]);
  });

  it('goes on from a state that it is given in the middle', async () => {
    const [stepper, other] = [await openStepper(layout), await openStepper(layout)];
    stepper.load(state);
    for (const k of [0, 1, 2]) await stepper.step(feeds(k));
    other.load(await stepper.state());
    const [a, b] = [await stepper.step(feeds(3)), await other.step(feeds(3))];
    expect(numbersOf(a)).toEqual(numbersOf(b));
    expect(await stepper.state()).toEqual(await other.state());
  });

  it('goes on with some tensors replaced as with a whole state that has them', async () => {
    const [stepper, other] = [await openStepper(layout), await openStepper(layout)];
    stepper.load(state);
    // An odd and an even number of steps: the two sets of buffers take turns.
    for (const k of [0, 1, 2]) {
      await stepper.step(feeds(k));
      const names = ['net1.fc.weight', 'net0.fc.bias.momentum_buffer'];
      const some = await stepper.state(names);
      expect([...some.keys()]).toEqual(names);
      fill(some, k + 0.5);
      const before = await stepper.state();
      stepper.update(some);
      fill(some, 99);
      const expected = new Map(before);
      for (const name of names) {
        const { dims, data } = before.get(name) as Tensor;
        expected.set(name, tensor('float32', dims, new Float32Array(data.length).fill(k + 0.5)));
      }
      expect(await stepper.state()).toEqual(expected);
      other.load(expected);
      expect(numbersOf(await stepper.step(feeds(9)))).toEqual(numbersOf(await other.step(feeds(9))));
      expect(await stepper.state()).toEqual(await other.state());
    }
  });

  it.each<[string, string, Tensor, string]>([
    [
      'of another shape',
      'net0.fc.bias',
      tensor('float32', [4], [1, 2, 3, 4]),
      ': expected float32 [5], got float32 [4]',
    ],
    ['of another type', 'net0.fc.bias', tensor('float64', [5], [1, 2, 3, 4, 5]), ': expected float32 [5], got float64'],
    [
      'that it does not have',
      'net7.fc.bias',
      tensor('float32', [5], [1, 2, 3, 4, 5]),
      '"net7.fc.bias" is no parameter',
    ],
  ])('replaces nothing for a tensor %s', async (_, name, value, message) => {
    const stepper = await openStepper(layout);
    stepper.load(state);
    const before = await stepper.state();
    const zero = tensor('float32', [5], [0, 0, 0, 0, 0]);
    const update = new Map([
      ['net1.fc.bias', zero],
      [name, value],
    ]);
    expect(() => stepper.update(update)).toThrow(message);
    expect(await stepper.state()).toEqual(before);
  });

  it.each<[string, Tensor | undefined, string]>([
    ['is missing', undefined, 'is missing'],
    ['has another shape', tensor('float32', [4], [1, 2, 3, 4]), ': expected float32 [5], got float32 [4]'],
    ['has another type', tensor('float64', [5], [1, 2, 3, 4, 5]), ': expected float32 [5], got float64 [5]'],
  ])('refuses a state of which a tensor %s, saying where it is from', async (_, value, message) => {
    const stepper = await openStepper(layout);
    const text = `tensor "net1.fc.bias"${message.startsWith(':') ? '' : ' '}${message}`;
    expect(() => stepper.load(changed('net1.fc.bias', value))).toThrow(`state: ${text}`);
    expect(() => stepper.load(changed('net1.fc.bias', value), 'my.safetensors')).toThrow(`my.safetensors: ${text}`);
  });

  it('names what a run lacks', async () => {
    const stepper = await openStepper(layout);
    stepper.load(state);
    const { images, labels } = feeds(0) as { images: Tensor; labels: Tensor };
    await expect(stepper.step({ images, labels })).rejects.toThrow(/^session: a run failed: .*learning_rate/);
  });
});
