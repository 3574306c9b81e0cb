import { describe, expect, it } from 'vitest';
import { nextName, type StepSettings } from '../../src/distill/step.js';
import type { Graph } from '../../src/graph/graph.js';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { mseLoop } from '../losses/loops.js';
import { adaptivePoolLoop, flatMaps, type Maps, mapsOf, pointwiseLoop } from './maps.js';
import {
  BATCH,
  createStep,
  inputOf,
  metrics,
  numbers,
  openStep,
  type Results,
  resNet,
  withoutUpdates,
} from './steps.js';

/** Features [4, 8, 4, 4] and [4, 6, 2, 2]. */
const unlike = () => [resNet([4, 8]), resNet([4, 4, 6])];
const PROJECTED: Partial<StepSettings> = { rule: 'all', beta: 0.5, featureProjection: true };

function exposeFeatures(graph: Graph): void {
  for (const i of [0, 1]) graph.output(`net${i}.features`, inputOf(graph, i, 'GlobalAveragePool'));
}

/** A projection's weight as [outputs][channels]. */
function weightRows(weight: Tensor): number[][] {
  return mapsOf(weight).map((row) => flatMaps([row]));
}

interface Compared {
  /** The student's pooled features, projected, and the teacher's pooled ones. */
  readonly pooled: Maps;
  readonly projected: Maps;
  readonly teacher: Maps;
}

function compared(results: Results, state: ReadonlyMap<string, Tensor>, student: number): Compared {
  const features = (i: number) => mapsOf(results[`net${i}.features`] as Tensor);
  const pooled = adaptivePoolLoop(features(student), 2, 2);
  const weight = weightRows(state.get(`net${student}.projection${1 - student}.weight`) as Tensor);
  return { pooled, projected: pointwiseLoop(pooled, weight), teacher: adaptivePoolLoop(features(1 - student), 2, 2) };
}

/** d/dW of sum((W s - t)^2) / count. */
function projectionGradient({ pooled, projected, teacher }: Compared, count: number): number[] {
  const [outputs, channels] = [projected[0]?.length as number, pooled[0]?.length as number];
  return Array.from({ length: outputs * channels }, (_, at) => {
    const [k, c] = [Math.floor(at / channels), at % channels];
    let sum = 0;
    projected.forEach((image, n) => {
      image[k]?.forEach((line, y) => {
        line.forEach((value, x) => {
          const difference = value - (teacher[n]?.[k]?.[y]?.[x] as number);
          sum += 2 * difference * (pooled[n]?.[c]?.[y]?.[x] as number);
        });
      });
    });
    return sum / count;
  });
}

describe('features of unlike shapes', () => {
  it.each(['mean', 'sum'] as const)('are pooled and projected; %s of the squares', async (featureReduction) => {
    const settings = { ...PROJECTED, featureReduction };
    const { step, state, run, close } = await openStep(unlike(), { settings, prepare: exposeFeatures });
    const results = await run();
    await close();
    for (const student of [0, 1]) {
      const parts = compared(results, state, student);
      const elements = flatMaps(parts.projected).length;
      const count = featureReduction === 'mean' ? elements : BATCH;
      const expected = (mseLoop(flatMaps(parts.projected), flatMaps(parts.teacher)) * elements) / count;
      const { feature, total, ce, kl } = metrics(results);
      expect(expected).toBeGreaterThan(0.1);
      expect(Math.abs((feature[student] as number) - expected)).toBeLessThan(3e-6 * expected);
      const whole = (ce[student] as number) + (kl[student] as number) + 0.5 * expected;
      expect(Math.abs((total[student] as number) - whole)).toBeLessThan(3e-6 * whole);

      const name = `net${student}.projection${1 - student}.weight`;
      const gradient = projectionGradient(parts, count).map((value) => 0.5 * value);
      const largest = Math.max(...gradient.map(Math.abs));
      const got = numbers(results, `${name}.grad`);
      expect(got.length).toBe(8 * 6);
      got.forEach((value, i) => {
        expect(Math.abs(value - (gradient[i] as number)), `${name}[${i}]`).toBeLessThan(1e-5 * largest);
      });
      expect(step.state).toEqual(expect.arrayContaining([name, `${name}.momentum_buffer`]));
      const weight = toNumbers(state.get(name) as Tensor);
      const momentum = toNumbers(state.get(`${name}.momentum_buffer`) as Tensor);
      numbers(results, nextName(name)).forEach((value, i) => {
        const d = (got[i] as number) + 5e-4 * (weight[i] as number);
        const next = (weight[i] as number) - 0.1 * (d + 0.9 * (0.9 * (momentum[i] as number) + d));
        expect(Math.abs(value - next)).toBeLessThan(1e-6 * (1 + Math.abs(next) + largest));
      });
    }
  });

  it('of the same size but unlike channels are projected without pooling', async () => {
    const networks = [resNet([4, 8]), resNet([4, 6])];
    const { state, run, close } = await openStep(networks, {
      settings: PROJECTED,
      prepare: (graph) => {
        withoutUpdates(graph);
        exposeFeatures(graph);
      },
    });
    const results = await run();
    await close();
    const [student, teacher] = [0, 1].map((i) => mapsOf(results[`net${i}.features`] as Tensor)) as [Maps, Maps];
    const weight = weightRows(state.get('net0.projection1.weight') as Tensor);
    const expected = mseLoop(flatMaps(pointwiseLoop(student, weight)), flatMaps(teacher));
    expect(Math.abs((metrics(results).feature[0] as number) - expected)).toBeLessThan(3e-6 * expected);
  });

  it('have a projection for each student and unlike teacher, and none for like ones', () => {
    const { graph, state } = createStep([resNet([4, 8]), resNet([4, 6]), resNet([6, 8])], { settings: PROJECTED });
    const shapes = [...graph.parameters]
      .filter(([name]) => /projection\d\.weight$/.test(name))
      .map(([name, { value, role }]) => [name, value.shape, role]);
    expect(shapes).toEqual([
      ['net0.projection1.weight', [6, 8, 1, 1], 'weight'],
      ['net1.projection0.weight', [8, 6, 1, 1], 'weight'],
      ['net1.projection2.weight', [8, 6, 1, 1], 'weight'],
      ['net2.projection1.weight', [6, 8, 1, 1], 'weight'],
    ]);
    for (const [name] of shapes) expect(state).toContain(name);
  });

  it.each([
    ['nobody teaches', unlike, { rule: 'none' }],
    ['features have no weight', unlike, { beta: 0 }],
    ['the features are alike', () => [resNet(), resNet()], {}],
    ['a network is alone', () => [resNet()], {}],
  ] as const)('have no projection where %s', (_, networks, settings) => {
    const { state, graph } = createStep(networks(), { settings: { ...PROJECTED, ...settings } });
    expect([...state, ...graph.parameters.keys()].filter((name) => name.includes('projection'))).toEqual([]);
  });

  it('are an error without a projection', () => {
    expect(() => createStep(unlike(), { settings: { ...PROJECTED, featureProjection: false } })).toThrow(
      'feature loss: the feature maps differ in shape: expected [4, 8, 4, 4], got [4, 6, 2, 2]. ' +
        'Compare them through a learned projection (--feature-projection), or leave features out (--beta 0)',
    );
  });
});
