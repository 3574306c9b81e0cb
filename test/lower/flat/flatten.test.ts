import { describe, expect, it } from 'vitest';
import { nextName, type StepOptions, type StepSettings } from '../../../src/distill/step.js';
import type { Graph } from '../../../src/graph/graph.js';
import { type FlatGraph, flattenState } from '../../../src/lower/flat/flatten.js';
import { lower } from '../../../src/lower/lower.js';
import { portable } from '../../../src/lower/portable/portable.js';
import type { StatefulGraph } from '../../../src/lower/stateful-graph.js';
import { elementCount, type Tensor, tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { mobileNet, openStep, plainNetwork, resNet } from '../../distill/steps.js';
import { runGraph } from '../../support/run.js';

interface Case {
  readonly title: string;
  readonly networks: () => Graph[];
  readonly settings: Partial<StepSettings>;
  readonly options?: Partial<StepOptions>;
  /** Tensors that the state becomes; those of two networks without normalisations differ in nothing but shape. */
  readonly carried: number;
}

const two = () => [resNet(), resNet()];
const adamw = { name: 'adamw', lr: 0.01, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 } as const;
const sgd = { name: 'sgd', lr: 0.1, momentum: 0, weightDecay: 5e-4, nesterov: false } as const;

/** Of a network: weights, momenta, running means, and variances by the images that they are of (two sizes). */
const CASES: readonly Case[] = [
  { title: 'momentum', networks: two, settings: {}, carried: 2 * (2 + 1 + 2) },
  { title: 'plain SGD', networks: two, settings: { optimizer: sgd }, carried: 2 * (1 + 1 + 2) },
  { title: 'AdamW', networks: two, settings: { optimizer: adamw }, carried: 2 * (3 + 1 + 2) },
  { title: 'a moving average', networks: two, settings: { ema: 0.9 }, carried: 2 * (3 + 2 + 4) },
  {
    title: 'accumulated gradients',
    networks: () => [plainNetwork(), plainNetwork(4)],
    settings: { accumulate: 3 },
    carried: 2 * 3,
  },
  {
    title: 'clipped gradients',
    networks: () => [plainNetwork(), plainNetwork(4)],
    settings: { clipNorm: 0.1 },
    carried: 2 * 2,
  },
  {
    title: 'no decay of biases',
    networks: () => [plainNetwork()],
    settings: { normWeightDecay: false },
    carried: 2 * 2,
  },
  {
    title: 'rates that fall by depth',
    networks: () => [plainNetwork()],
    settings: { layerDecay: 0.5 },
    carried: 2 * 2,
  },
  {
    title: 'features and projections',
    networks: () => [resNet(), resNet([4, 6])],
    settings: { rule: 'all', beta: 0.1, featureProjection: true },
    carried: 10,
  },
  { title: 'depthwise convolutions', networks: () => [mobileNet(0.5)], settings: {}, carried: 2 + 1 + 2 },
  { title: 'gradients that are outputs', networks: two, settings: {}, options: { exposeGradients: true }, carried: 10 },
];

describe('a step whose state is in vectors', () => {
  it.each(CASES)('has the numbers of the step as it is, to the bit: $title', async (row) => {
    const { settings, options = {}, carried } = row;
    const opened = await openStep(row.networks(), { settings, options: { exposeGradients: false, ...options } });
    const updates = { updates: tensor('float32', [], [1]) };
    const batch = settings.accumulate ? { ...opened.batch, ...updates } : opened.batch;
    const expected = await opened.run(batch);
    await opened.close();
    const source = { graph: opened.step.graph, state: opened.step.state, nextOf: nextName };
    const flat = flattenState(source);
    expect(flat.carried.state).toHaveLength(carried);
    const got = await runFlat(flat, source, opened.state, batch);
    expect(new Set(Object.keys(got))).toEqual(new Set(Object.keys(expected)));
    for (const [name, value] of Object.entries(expected)) expect(got[name], name).toEqual(value);
  });

  it('has vectors of no more than so many elements, and the same numbers', async () => {
    const opened = await openStep(two(), { options: { exposeGradients: false } });
    const expected = await opened.run();
    await opened.close();
    const source = { graph: opened.step.graph, state: opened.step.state, nextOf: nextName };
    const flat = flattenState(source, 300);
    const vectors = new Set([...flat.places.values()].map(({ vector }) => vector));
    for (const name of vectors) expect(elementCount(sizesOf(flat.carried.graph, name))).toBeLessThanOrEqual(300);
    expect(vectors.size).toBeGreaterThan(10);
    const got = await runFlat(flat, source, opened.state, opened.batch);
    for (const [name, value] of Object.entries(expected)) expect(got[name], name).toEqual(value);
  });

  it('has every tensor in one place, of which none overlaps another', async () => {
    const opened = await openStep(two(), { settings: { ema: 0.9 } });
    await opened.close();
    const { graph, state } = opened.step;
    const { places, carried } = flattenState({ graph, state, nextOf: nextName });
    const taken = new Map<string, number[]>();
    for (const [name, { vector, offset }] of places) {
      const elements = Array.from({ length: elementCount(sizesOf(graph, name)) }, (_, i) => offset + i);
      taken.set(vector, [...(taken.get(vector) ?? []), ...elements]);
    }
    for (const [vector, elements] of taken) {
      const length = elementCount(sizesOf(carried.graph, vector));
      expect(
        elements.sort((a, b) => a - b),
        vector,
      ).toEqual(Array.from({ length }, (_, i) => i));
    }
    expect([...state].filter((name) => !places.has(name))).toEqual(carried.state.filter((name) => !taken.has(name)));
  });

  it('updates all weights by as many operators as one', async () => {
    const opened = await openStep([resNet()], { options: { exposeGradients: false } });
    await opened.close();
    const source = { graph: opened.step.graph, state: opened.step.state, nextOf: nextName };
    const lowered = lower(flattenState(source).carried.graph, portable);
    const own = lowered.nodes.filter(({ name, op }) => /(^|\/)flat\d+\//.test(name) && op !== 'Reshape');
    // Concat, decay, momentum and step of the weights; Concat and the blend of means, and of variances of two sizes of images
    expect(own.length).toBeLessThanOrEqual(9 + 4 + 2 * 6);
  });
});

const sizesOf = (graph: Graph, name: string): readonly number[] => graph.parameters.get(name)?.value.shape ?? [];

/** Runs a flattened graph on a state that is laid into its vectors here, and takes the next one out of them. */
async function runFlat(
  { carried, places }: FlatGraph,
  source: StatefulGraph,
  state: ReadonlyMap<string, Tensor>,
  batch: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const feeds: Record<string, Tensor> = { ...batch };
  for (const name of carried.state) {
    feeds[name] =
      state.get(name) ??
      tensor('float32', sizesOf(carried.graph, name), new Float32Array(elementCount(sizesOf(carried.graph, name))));
  }
  for (const [name, { vector, offset }] of places) {
    toNumbers(state.get(name) as Tensor).forEach((value, i) => {
      ((feeds[vector] as Tensor).data as Float32Array)[offset + i] = value;
    });
  }
  const results = await runGraph(carried.graph, feeds);
  const vectors = new Set([...places.values()].map(({ vector }) => carried.nextOf(vector)));
  const others = Object.entries(results).filter(([name]) => !vectors.has(name));
  const taken = [...places].map(([name, { vector, offset }]): [string, Tensor] => {
    const dims = sizesOf(source.graph, name);
    const { data } = results[carried.nextOf(vector)] as Tensor;
    return [
      source.nextOf(name),
      tensor('float32', dims, (data as Float32Array).slice(offset, offset + elementCount(dims))),
    ];
  });
  return Object.fromEntries([...others, ...taken]);
}
