import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.js';
import { neededNodes, rewriteGraph } from '../../src/graph/inline.js';
import { AGON } from '../../src/graph/node/node.js';
import { lower, shareEqualNodes } from '../../src/lower/lower.js';
import { portable } from '../../src/lower/portable/portable.js';
import { createStep, mobileNet, resNet } from './steps.js';

const settings = { rule: 'all', temperature: 2, labelSmoothing: 0.1 } as const;

describe('lowering a step', () => {
  const { graph } = createStep([resNet(), mobileNet(0.5), resNet()], { settings, options: { batch: 'N' } });
  const lowered = lower(graph, portable);

  it('leaves standard ONNX operators only', () => {
    const semantic = new Set(graph.nodes.filter(({ domain }) => domain === AGON).map(({ op }) => op));
    expect([...semantic]).toEqual(
      expect.arrayContaining(['BatchNormTraining', 'ConvWeightGrad', 'Detach', 'ReluGrad']),
    );
    expect([...new Set(lowered.nodes.map(({ domain }) => domain))]).toEqual(['']);
  });

  it('keeps inputs, parameters and outputs, their names, types and shapes', () => {
    const described = (values: Iterable<readonly [string, { dtype: string; shape: readonly (number | string)[] }]>) =>
      [...values].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
    const inputs = ({ inputs }: Graph) => described(inputs.map((value) => [value.name, value] as const));
    const parameters = (g: Graph) => described([...g.parameters].map(([name, { value }]) => [name, value] as const));
    expect(graph.outputs.size).toBeGreaterThan(100);
    expect(described(lowered.outputs)).toEqual(described(graph.outputs));
    expect(inputs(lowered)).toEqual(inputs(graph));
    expect(parameters(lowered)).toEqual(parameters(graph));
  });

  it('shares equal nodes: no two have operator, attributes and inputs in common, and there are fewer', () => {
    const keys = lowered.nodes.map(({ op, attributes, inputs }) => {
      const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
      return JSON.stringify([op, sorted, inputs.map((value) => value?.name)]);
    });
    expect(new Set(keys).size).toBe(keys.length);
    expect(neededNodes(lowered).size).toBe(lowered.nodes.length);
    const shared = rewriteGraph(graph, new Graph('shared'), shareEqualNodes());
    expect(shared.nodes.length).toBeLessThan(neededNodes(graph).size);
  });

  it('computes what networks have in common once', () => {
    const targets = (g: Graph) => [...neededNodes(g)].filter(({ op }) => op === 'OneHot').length;
    expect(targets(graph)).toBe(3);
    expect(targets(lowered)).toBe(1);
    const softmaxes = (g: Graph) => [...neededNodes(g)].filter(({ op }) => op === 'LogSoftmax').length;
    // each network's at T = 1 and T = 2; before, each pair has two of its own
    expect(softmaxes(graph)).toBe(3 + 12);
    expect(softmaxes(lowered)).toBe(6);
  });
});
