import { describe, expect, it } from 'vitest';
import type { StepOptions, StepSettings } from '../../src/distill/step.js';
import type { Graph } from '../../src/graph/graph.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { stream } from '../../src/util/random.js';
import { metrics, mobileNet, numbers, type OpenStep, openStep, type Results, resNet } from './steps.js';

const SEED = 23;

interface Case {
  readonly title: string;
  readonly networks: () => Graph[];
  readonly settings: Partial<StepSettings>;
  readonly options?: Partial<StepOptions>;
}

const CASES: readonly Case[] = [
  { title: 'one network', networks: () => [resNet()], settings: { labelSmoothing: 0.1 } },
  {
    title: 'two like networks, all, feature loss',
    networks: () => [resNet(), resNet()],
    settings: { rule: 'all', beta: 0.5 },
  },
  {
    title: 'three unlike networks, all-better, T = 2',
    networks: () => [resNet(), mobileNet(0.5), resNet([6, 4])],
    settings: { rule: 'all-better', temperature: 2, alpha: 1.5 },
  },
  {
    title: 'two unlike networks, projected features',
    networks: () => [resNet([4, 8]), resNet([4, 4, 6])],
    settings: { rule: 'all', beta: 0.5, featureProjection: true },
  },
  {
    title: 'three networks, two of them unlike, projected features, summed',
    networks: () => [resNet([4, 8]), mobileNet(0.5), resNet([6, 8])],
    settings: { rule: 'all', beta: 0.02, featureProjection: true, featureReduction: 'sum' },
  },
  {
    title: 'two like networks, frozen teacher',
    networks: () => [resNet(), resNet()],
    settings: { rule: 'none', teacher: { weight: 0.7, temperature: 3 } },
  },
  {
    title: 'two networks, frozen up to a stage, all',
    networks: () => [resNet(), resNet([6, 4])],
    settings: { rule: 'all', freeze: 'layer1' },
  },
  {
    title: 'two networks, one mixed batch',
    networks: () => [resNet(), resNet([6, 4])],
    settings: { rule: 'argmin', labelSmoothing: 0.1, teacher: { weight: 0.5, temperature: 2 } },
    options: { mixed: true },
  },
  {
    title: 'two networks, each with mixed labels',
    networks: () => [resNet(), resNet([6, 4])],
    settings: { rule: 'argmin', labelSmoothing: 0.1 },
    options: { ownInputs: true },
  },
  {
    title: 'two unlike networks, images with any number of classes, frozen teacher, T = 2',
    networks: () => [resNet(), resNet([6, 4])],
    settings: {
      task: 'multi-label',
      rule: 'all',
      temperature: 2,
      labelSmoothing: 0.1,
      teacher: { weight: 0.7, temperature: 3 },
    },
    options: { ownInputs: true },
  },
];

/** The totals when some weights are moved, and the teachers, which must stay the same for the difference to mean anything. */
async function totalsAt({ state, run }: OpenStep, moves: ReadonlyMap<string, readonly number[]>, h: number) {
  const moved = [...moves].map(([name, direction]) => {
    const value = state.get(name) as Tensor;
    const values = toNumbers(value).map((x, i) => x + h * (direction[i] as number));
    return [name, tensor('float32', value.dims, Float32Array.from(values))] as const;
  });
  const results = await run(Object.fromEntries(moved));
  return { total: metrics(results).total, teachers: numbers(results, 'teachers') };
}

/** Central differences of every network's total along a direction in weight space. */
async function slopes(step: OpenStep, moves: ReadonlyMap<string, readonly number[]>, h: number): Promise<number[]> {
  const [before, after] = [await totalsAt(step, moves, -h), await totalsAt(step, moves, h)];
  expect(after.teachers).toEqual(before.teachers);
  return after.total.map((value, i) => (value - (before.total[i] as number)) / (2 * h));
}

function weightsOf({ step }: OpenStep, network: number): string[] {
  return step.state.filter(
    (name) => name.startsWith(`net${network}.`) && step.graph.parameters.get(name)?.role === 'weight',
  );
}

function gradientOf(results: Results, name: string): number[] {
  return numbers(results, `${name}.grad`);
}

function largest(values: readonly number[]): number {
  return Math.max(...values.map(Math.abs));
}

describe("a step's gradients against central differences of its totals", () => {
  it.each(CASES)('$title', async ({ title, networks, settings, options = {} }) => {
    const nets = networks();
    const step = await openStep(nets, { settings, options });
    const results = await step.run();
    for (const network of nets.keys()) {
      await checkSingleWeights(step, results, network, title);
      await checkDirection(step, results, network, title, settings.rule === 'all');
    }
    await step.close();
  });
});

/** A network's gradient is that of its own total alone: it sees the others as constant teachers. */
async function checkSingleWeights(step: OpenStep, results: Results, network: number, title: string): Promise<void> {
  const random = stream(SEED, title, network);
  const names = weightsOf(step, network);
  for (let k = 0; k < 5; k++) {
    const name = names[random.below(names.length)] as string;
    const gradient = gradientOf(results, name);
    const at = random.below(gradient.length);
    const direction = gradient.map((_, i) => (i === at ? 1 : 0));
    const expected = (await slopes(step, new Map([[name, direction]]), 5e-4))[network] as number;
    const got = gradient[at] as number;
    // float32's rounding, and ReLUs that cross their kink
    const tolerance = 0.02 * largest(gradient) + 4e-4;
    expect(Math.abs(got - expected), `${name}[${at}]: got ${got}, expected ${expected}`).toBeLessThan(tolerance);
  }
}

/** All weights at once, uphill for the most part, so that the slope is large. */
async function checkDirection(
  step: OpenStep,
  results: Results,
  network: number,
  title: string,
  teaches: boolean,
): Promise<void> {
  const random = stream(SEED, title, network, 'direction');
  const moves = new Map<string, number[]>();
  let got = 0;
  for (const name of weightsOf(step, network)) {
    const gradient = gradientOf(results, name);
    expect(
      gradient.some((value) => value !== 0),
      name,
    ).toBe(true);
    const direction = gradient.map((value) => value / largest(gradient) + 0.3 * random.normal());
    moves.set(name, direction);
    got += gradient.reduce((sum, value, i) => sum + value * (direction[i] as number), 0);
  }
  const expected = await slopes(step, moves, 3e-4);
  expect(got).toBeGreaterThan(2);
  const what = `network ${network}: got ${got}, expected ${expected[network]}`;
  expect(Math.abs(got - (expected[network] as number)), what).toBeLessThan(5e-3 * got);
  // the total of one that is taught does change with its teacher, but that is no part of the teacher's gradient
  if (teaches) expect(Math.abs(expected[(network + 1) % expected.length] as number)).toBeGreaterThan(0.1 * got);
}

describe('a teacher', () => {
  it("gets no gradient from the lesson: the best network's is that of independent training", async () => {
    const [competing, alone] = [
      await openStep([resNet(), resNet()], { settings: { rule: 'argmin', beta: 1 } }),
      await openStep([resNet(), resNet()], { settings: { rule: 'none' } }),
    ];
    const [taught, independent] = [await competing.run(), await alone.run()];
    const { ce } = metrics(taught);
    const best = (ce[0] as number) < (ce[1] as number) ? 0 : 1;
    for (const network of [0, 1]) {
      const differ = weightsOf(competing, network).some((name) => {
        const [a, b] = [gradientOf(taught, name), gradientOf(independent, name)];
        return largest(a.map((value, i) => value - (b[i] as number))) > 1e-6 + 1e-5 * largest(b);
      });
      expect(differ, `network ${network}`).toBe(network !== best);
    }
    await Promise.all([competing.close(), alone.close()]);
  });
});
