import { describe, expect, it } from 'vitest';
import { buildStep, nextName, STEP_DEFAULTS, type StepSettings, UPDATES } from '../../src/distill/step.js';
import type { Graph } from '../../src/graph/graph.js';
import { initialiseParameter } from '../../src/nets/initialise.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { createOptimizer } from '../../src/optim/optimizer.js';
import { openGraph } from '../support/run.js';
import { BATCH, plainNetwork, randomBatch, resNet } from './steps.js';

const K = 3;
const UPDATED = 2;

/** Images and labels, in batches of so many. */
function batches(size: number): { images: Tensor; labels: Tensor }[] {
  const { images, labels } = randomBatch(BATCH * K * UPDATED);
  const [pixels, classes] = [toNumbers(images), toNumbers(labels)];
  const each = pixels.length / classes.length;
  return Array.from({ length: classes.length / size }, (_, i) => ({
    images: tensor('float32', [size, ...images.dims.slice(1)], pixels.slice(i * size * each, (i + 1) * size * each)),
    labels: tensor('int64', [size], classes.slice(i * size, (i + 1) * size)),
  }));
}

/** All that is carried over after as many updates. */
async function train(networks: readonly Graph[], given: Partial<StepSettings>, accumulate: number) {
  const settings: StepSettings = { ...STEP_DEFAULTS, ...given, accumulate };
  const batch = (BATCH * K) / accumulate;
  const step = buildStep(networks, settings, { batch });
  const session = await openGraph(step.graph);
  const parameterOf = (name: string) => {
    const parameter = step.graph.parameters.get(name.replace(/\.ema$/, ''));
    return initialiseParameter(parameter as NonNullable<typeof parameter>, 3, 'start');
  };
  let state = new Map(step.state.map((name) => [name, parameterOf(name)]));
  const states: (typeof state)[] = [state];
  for (const [i, feeds] of batches(batch).entries()) {
    const update = Math.floor(i / accumulate) + 1;
    const scalars = {
      ...createOptimizer(settings.optimizer).scalarsAt(0.1, update),
      ...(accumulate > 1 && { [UPDATES]: (i + 1) % accumulate === 0 ? 1 : 0 }),
    };
    const results = await session.run({
      ...Object.fromEntries(state),
      ...feeds,
      ...Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, tensor('float32', [], [value])])),
    });
    state = new Map(step.state.map((name) => [name, results[nextName(name)] as Tensor]));
    states.push(state);
  }
  await session.close();
  return { state, states };
}

describe('accumulated gradients', () => {
  it.each<[string, Partial<StepSettings>]>([
    ['SGD, a network alone', { rule: 'none' }],
    ['SGD, clipped, all teach, average', { rule: 'all', clipNorm: 0.1, ema: 0.5, headLrFactor: 3 }],
    ['AdamW', { rule: 'none', optimizer: { name: 'adamw', lr: 0.1, betas: [0.9, 0.99], eps: 1e-3, weightDecay: 0.1 } }],
  ])('of small batches are those of a large one: %s', async (_, settings) => {
    const networks = () => [plainNetwork(), plainNetwork(4)];
    const [small, large] = [await train(networks(), settings, K), await train(networks(), settings, 1)];
    for (const [name, value] of large.state) {
      const [got, expected] = [toNumbers(small.state.get(name) as Tensor), toNumbers(value)];
      expected.forEach((x, i) => {
        expect(Math.abs((got[i] as number) - x), `${name}[${i}]`).toBeLessThan(2e-6);
      });
      expect(toNumbers(large.states[0]?.get(name) as Tensor), name).not.toEqual(expected);
    }
  });

  it('leave all but sums and running statistics as they are until the update', async () => {
    const { states } = await train([resNet()], { ema: 0.9 }, K);
    const [first, second] = [states[0], states[K - 1]];
    for (const [name, value] of second ?? []) {
      const changes = /\.accumulated$|running_(mean|var)$/.test(name);
      if (changes) expect(value.data, name).not.toEqual(first?.get(name)?.data);
      else expect(value.data, name).toEqual(first?.get(name)?.data);
    }
    for (const [name, value] of states[K] ?? []) {
      if (name.endsWith('.accumulated'))
        expect(
          toNumbers(value).every((x) => x === 0),
          name,
        ).toBe(true);
      else expect(value.data, name).not.toEqual(first?.get(name)?.data);
    }
  });
});
