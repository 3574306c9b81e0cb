import { describe, expect, it } from 'vitest';
import { buildStep, nextName, STEP_DEFAULTS, type StepSettings, UPDATES } from '../../src/distill/step.js';
import type { Graph } from '../../src/graph/graph.js';
import { portable } from '../../src/lower/portable/portable.js';
import { initialiseParameter } from '../../src/nets/initialise.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { type AdamWSettings, createOptimizer } from '../../src/optim/optimizer.js';
import { openGraph } from '../support/run.js';
import { BATCH, plainNetwork, randomBatch, resNet } from './steps.js';

type State = ReadonlyMap<string, Tensor>;
type Feeds = Record<string, Tensor>;

const ADAMW: AdamWSettings = { name: 'adamw', lr: 0.1, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.1 };
const SCALED = /(loss_scale|growth_tracker|skipped_beta[12]|\boverflowed)$/;

const scalar = (value: number) => tensor('float32', [], [value]);
const first = (value: Tensor | undefined) => toNumbers(value as Tensor)[0] as number;

/** A step in a session, and the state that it begins with. */
async function open(networks: readonly Graph[], given: Partial<StepSettings>) {
  const settings: StepSettings = { ...STEP_DEFAULTS, ...given };
  const step = buildStep(networks, settings, { batch: BATCH });
  const session = await openGraph(step.graph, portable, { graphPasses: false });
  const begin: State = new Map(
    step.state.map((name) => {
      const parameter = step.graph.parameters.get(name.replace(/\.ema$/, ''));
      return [name, initialiseParameter(parameter as NonNullable<typeof parameter>, 3, 'start')];
    }),
  );
  const optimizer = createOptimizer(settings.optimizer);
  /** Runs the step that would be the n-th update. */
  const run = async (state: State, update: number, replaced: Feeds = {}) => {
    const more = settings.precision === 'float16' ? optimizer.skips?.scalarsAt(update) : undefined;
    const scalars = { ...optimizer.scalarsAt(0.1, update), ...more };
    const feeds = Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, scalar(value)]));
    const results = await session.run({
      ...Object.fromEntries(state),
      ...randomBatch(BATCH),
      ...feeds,
      ...(settings.accumulate > 1 && { [UPDATES]: scalar(1) }),
      ...replaced,
    });
    const next: State = new Map(step.state.map((name) => [name, results[nextName(name)] as Tensor]));
    return { results, next };
  };
  return { step, begin, run, close: () => session.close() };
}

function withValue(state: State, name: string, value: number): State {
  return new Map([...state, [name, scalar(value)]]);
}

/** What makes gradients of a network overflow whatever they are: infinity times anything but 0. */
const overflowing = (state: State, network: number) => {
  return withValue(state, `net${network}.loss_scale`, Number.POSITIVE_INFINITY);
};

describe('loss scaling', () => {
  it.each<[string, Partial<StepSettings>]>([
    ['SGD', {}],
    ['SGD, clipped, with an average', { clipNorm: 0.1, ema: 0.5, rule: 'all' }],
    ['AdamW, by groups', { optimizer: ADAMW, headLrFactor: 3, normWeightDecay: false }],
  ])('changes no bit of float32 where nothing overflows: %s', async (_, settings) => {
    const networks = () => [resNet(), plainNetwork()];
    const [scaled, usual] = [
      await open(networks(), { ...settings, precision: 'float16' }),
      await open(networks(), settings),
    ];
    let [own, other] = [scaled.begin, usual.begin];
    for (const update of [1, 2, 3]) {
      own = (await scaled.run(own, update)).next;
      other = (await usual.run(other, update)).next;
    }
    for (const [name, value] of other) expect(own.get(name)?.data, name).toEqual(value.data);
    expect([...own.keys()].filter((name) => !other.has(name)).every((name) => SCALED.test(name))).toBe(true);
    expect([...own.keys()].length).toBeGreaterThan(other.size);
    await scaled.close();
    await usual.close();
  });

  it('halves the scale at an overflow and leaves all but running statistics as it was, of that network alone', async () => {
    const { begin, run, close } = await open([resNet(), resNet()], {
      precision: 'float16',
      ema: 0.5,
      optimizer: ADAMW,
    });
    const before = (await run(withValue(begin, 'net0.growth_tracker', 7), 1)).next;
    expect(first(before.get('net0.growth_tracker'))).toBe(8);
    const { results, next } = await run(overflowing(before, 0), 2);
    expect(toNumbers(results.overflowed as Tensor)).toEqual([1, 0]);
    for (const [name, value] of next) {
      const isLearned = name.startsWith('net1.') || /running_(mean|var)$/.test(name);
      if (SCALED.test(name)) continue;
      if (isLearned) expect(value.data, name).not.toEqual(before.get(name)?.data);
      else expect(value.data, name).toEqual(before.get(name)?.data);
    }
    expect(first(next.get('net0.growth_tracker'))).toBe(0);
    expect(first(next.get('net1.loss_scale'))).toBe(65536);
    await close();
  });

  it('halves and doubles the scale as GradScaler does', async () => {
    const { begin, run, close } = await open([plainNetwork()], { precision: 'float16' });
    // A finite scale at which float32 itself overflows
    const huge = withValue(begin, 'net0.loss_scale', 2 ** 47);
    const images = tensor(
      'float32',
      [BATCH, 3, 8, 8],
      toNumbers(randomBatch(BATCH).images).map((x) => x * 1e20),
    );
    const overflowed = await run(huge, 1, { images });
    expect(toNumbers(overflowed.results.overflowed as Tensor)).toEqual([1]);
    expect(first(overflowed.next.get('net0.loss_scale'))).toBe(2 ** 46);
    expect(toNumbers(overflowed.results.loss_scale as Tensor)).toEqual([2 ** 47]);
    const almost = await run(withValue(begin, 'net0.growth_tracker', 1998), 1);
    expect([first(almost.next.get('net0.loss_scale')), first(almost.next.get('net0.growth_tracker'))]).toEqual([
      65536, 1999,
    ]);
    const grown = await run(almost.next, 2);
    expect([first(grown.next.get('net0.loss_scale')), first(grown.next.get('net0.growth_tracker'))]).toEqual([
      131072, 0,
    ]);
    await close();
  });

  it('keeps the scale within bounds', async () => {
    const { begin, run, close } = await open([plainNetwork()], { precision: 'float16' });
    const top = withValue(withValue(begin, 'net0.loss_scale', 2 ** 48), 'net0.growth_tracker', 1999);
    expect(first((await run(top, 1)).next.get('net0.loss_scale'))).toBe(2 ** 48);
    const images = tensor(
      'float32',
      [BATCH, 3, 8, 8],
      toNumbers(randomBatch(BATCH).images).map((x) => x * 1e30),
    );
    const bottom = await run(withValue(begin, 'net0.loss_scale', 2 ** -24), 1, { images });
    expect(toNumbers(bottom.results.overflowed as Tensor)).toEqual([1]);
    expect(first(bottom.next.get('net0.loss_scale'))).toBe(2 ** -24);
    await close();
  });

  it.each(['torch', 'huggingface'] as const)(
    'does not count skipped updates in AdamW’s bias correction: %s',
    async (variant) => {
      const optimizer = { ...ADAMW, variant };
      const { begin, run, close } = await open([resNet()], { precision: 'float16', optimizer });
      const usual = await open([resNet()], { optimizer });
      // Three updates are skipped before the first, two before the third
      let [own, other] = [begin, usual.begin];
      let update = 0;
      for (const skipped of [3, 0, 2, 0]) {
        for (let i = 0; i < skipped; i++) {
          const scale = own.get('net0.loss_scale') as Tensor;
          const { next } = await run(overflowing(own, 0), ++update);
          own = new Map([...next, ['net0.loss_scale', scale]]);
        }
        own = (await run(own, ++update)).next;
      }
      // Running statistics have no part in gradients
      for (const count of [1, 2, 3, 4]) other = (await usual.run(other, count)).next;
      for (const [name, value] of other) {
        if (/running_(mean|var)$/.test(name)) continue;
        const [got, expected] = [toNumbers(own.get(name) as Tensor), toNumbers(value)];
        const largest = Math.max(...expected.map(Math.abs));
        expected.forEach((x, i) => {
          expect(Math.abs((got[i] as number) - x), `${name}[${i}]`).toBeLessThan(2e-5 * largest);
        });
      }
      const { skips } = createOptimizer(optimizer);
      const states = [own.get('net0.skipped_beta1'), own.get('net0.skipped_beta2')].map(first);
      expect(skips?.countOf(states)).toBe(5);
      await usual.close();
      await close();
    },
  );

  it('skips an update if gradients of any of its steps overflowed', async () => {
    const { begin, run, close } = await open([plainNetwork(), plainNetwork(4)], {
      precision: 'float16',
      accumulate: 3,
      optimizer: ADAMW,
    });
    const usual = { [UPDATES]: scalar(0) };
    const one = (await run(begin, 1, usual)).next;
    const two = (await run(overflowing(one, 0), 1, usual)).next;
    for (const [name, value] of two) {
      if (!name.startsWith('net0.') || !name.endsWith('.accumulated')) continue;
      expect(value.data, name).toEqual(one.get(name)?.data);
    }
    expect([first(two.get('net0.overflowed')), first(two.get('net1.overflowed'))]).toEqual([1, 0]);
    const restored = new Map([...two, ['net0.loss_scale', scalar(65536)]] as const);
    const { next, results } = await run(restored, 1);
    expect(toNumbers(results.overflowed as Tensor)).toEqual([0, 0]);
    for (const [name, value] of next) {
      if (/(\.accumulated|\.overflowed)$/.test(name))
        expect(
          toNumbers(value).every((x) => x === 0),
          name,
        ).toBe(true);
      else if (SCALED.test(name)) continue;
      else if (name.startsWith('net0.')) expect(value.data, name).toEqual(begin.get(name)?.data);
      else expect(value.data, name).not.toEqual(begin.get(name)?.data);
    }
    expect(first(next.get('net0.skipped_beta1'))).toBeCloseTo(1 / 0.9 - 1, 6);
    expect(first(next.get('net1.skipped_beta1'))).toBe(0);
    await close();
  });
});
