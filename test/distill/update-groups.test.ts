import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { accumulationOf } from '../../src/distill/accumulation.js';
import { averageAll } from '../../src/distill/average.js';
import { NO_SCALING } from '../../src/distill/scaling/loss-scaling.js';
import { nextName, STEP_DEFAULTS, type StepSettings } from '../../src/distill/step.js';
import { updateAll } from '../../src/distill/update.js';
import { updateGroups } from '../../src/distill/update-groups.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node/node.js';
import { globalPool } from '../../src/nets/layers.js';
import { createNetwork } from '../../src/nets/registry.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { createOptimizer } from '../../src/optim/optimizer.js';
import { openGraph } from '../support/run.js';

type Values = Readonly<Record<string, readonly number[]>>;

interface Trace {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly start: Values;
  readonly steps: readonly {
    readonly lr: number;
    readonly norm: number | null;
    readonly gradients: Values;
    readonly parameters: Values;
    readonly ema: Values;
  }[];
}

const readTrace = (name: string): Trace =>
  JSON.parse(readFileSync(new URL(`../fixtures/optimizer-refs/groups/${name}.json`, import.meta.url), 'utf8')) as Trace;

/** A network with the trace's parameters: what it computes is no matter, only where in its depth they are. */
function networkOf({ shapes }: Trace): Graph {
  const graph = new Graph('traced');
  let x = graph.input('images', 'float32', ['N', 3, 2, 2]);
  const parameter = (name: string) => graph.parameter(name, shapes[name] ?? [], { kind: 'constant', value: 0 });
  x = graph.op('Conv', [x, parameter('conv1.weight')], { kernel_shape: [1, 1] });
  const statistics = ['mean', 'var'].map((name) =>
    graph.parameter(`bn1.${name}`, [4], { kind: 'constant', value: 1 }, 'frozen'),
  );
  x = graph.op('BatchNormalization', [x, parameter('bn1.weight'), parameter('bn1.bias'), ...statistics]);
  for (const name of ['layer1.0.conv1.weight', 'layer2.0.conv1.weight']) {
    x = graph.op('Conv', [x, parameter(name)], { kernel_shape: [1, 1] });
  }
  graph.output('features', x);
  const pooled = globalPool(graph, 'pool', x);
  graph.output('logits', graph.op('Gemm', [pooled, parameter('fc.weight'), parameter('fc.bias')], { transB: 1 }));
  return graph;
}

const EMA = 0.9;

/** The updates of a network alone: gradients are inputs `<name>.gradient`. */
function updatesOf(trace: Trace, settings: StepSettings): Graph {
  const g = new Graph('updates');
  const names = Object.keys(trace.shapes);
  const weights = names.map((name) =>
    g.parameter(`net0.${name}`, trace.shapes[name] ?? [], { kind: 'constant', value: 0 }),
  );
  const slopes = weights.map(({ name, shape }) => g.input(`${name}.gradient`, 'float32', shape));
  const groupOf = updateGroups([networkOf(trace)], settings);
  const accumulation = accumulationOf(g, 1, NO_SCALING);
  updateAll(g, weights, slopes, { settings, networks: 1, groupOf, accumulation }, { batch: 1 });
  averageAll(
    g,
    weights.map(({ name }) => name),
    EMA,
    accumulation,
  );
  return g;
}

describe("PyTorch's parameter groups, clipping and average", () => {
  it.each(['sgd', 'adamw', 'sgd-clipped', 'adamw-clipped'])('%s', async (name) => {
    const trace = readTrace(name);
    const optimizer: StepSettings['optimizer'] = name.startsWith('sgd')
      ? { name: 'sgd', lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.1 }
      : { name: 'adamw', lr: 0.05, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.1 };
    const clipNorm = name.endsWith('clipped') ? 7.7 : null;
    const tuning = { layerDecay: 0.7, headLrFactor: 5, normWeightDecay: false, clipNorm };
    const graph = updatesOf(trace, { ...STEP_DEFAULTS, optimizer, ...tuning });
    const session = await openGraph(graph);
    let state = new Map<string, Tensor>(
      [...graph.parameters].map(([own, { value }]) => {
        const start = trace.start[own.replace(/^net0\./, '').replace(/\.ema$/, '')];
        const dims = value.shape;
        return [own, tensor('float32', dims, start ?? new Float32Array(dims.reduce((n, dim) => n * dim, 1)))];
      }),
    );
    for (const [i, step] of trace.steps.entries()) {
      const scalars = Object.entries(createOptimizer(optimizer).scalarsAt(step.lr, i + 1));
      const results = await session.run({
        ...Object.fromEntries(state),
        ...Object.fromEntries(scalars.map(([own, value]) => [own, tensor('float32', [], [value])])),
        ...Object.fromEntries(
          Object.entries(step.gradients).map(([own, values]) => [
            `net0.${own}.gradient`,
            tensor('float32', trace.shapes[own] ?? [], values),
          ]),
        ),
      });
      state = new Map([...state.keys()].map((own) => [own, results[nextName(own)] as Tensor]));
      for (const [kind, expected] of [['', step.parameters] as const, ['.ema', step.ema] as const]) {
        for (const [own, values] of Object.entries(expected)) {
          const got = toNumbers(state.get(`net0.${own}${kind}`) as Tensor);
          values.forEach((value, at) => {
            expect(Math.abs((got[at] as number) - value), `${own}${kind}, step ${i}`).toBeLessThan(2e-6);
          });
        }
      }
    }
    await session.close();
    // Clipping did something, and not always
    if (clipNorm !== null) {
      const clipped = trace.steps.filter(({ norm }) => (norm ?? 0) > clipNorm).length;
      expect(clipped).toBeGreaterThan(0);
      expect(clipped).toBeLessThan(trace.steps.length);
    }
  });
});

describe('the groups of a network', () => {
  const groupsOf = (settings: Partial<StepSettings>) => {
    const network = createNetwork('mobilenet_v2_cifar_0.5', { classes: 5, channels: 3, height: 32, width: 32 });
    const groupOf = updateGroups([network], { ...STEP_DEFAULTS, ...settings });
    return (name: string) => groupOf({ ...(network.parameters.get(name)?.value as Value), name: `net0.${name}` });
  };

  it('are one where nothing is set', () => {
    const of = groupsOf({});
    for (const name of ['features.0.0.weight', 'features.0.1.bias', 'classifier.1.weight']) {
      expect(of(name)).toEqual({ rate: 1, decays: true });
    }
  });

  it('have rates that fall by block, and a head with a rate of its own', () => {
    const of = groupsOf({ layerDecay: 0.5, headLrFactor: 10 });
    const rates = ['classifier.1.bias', 'features.18.0.weight', 'features.17.conv.0.1.weight', 'features.0.0.weight'];
    expect(rates.map((name) => of(name).rate)).toEqual([10, 0.5, 0.25, 0.5 ** 19]);
  });

  it('leave normalisations and biases out of the weight decay', () => {
    const of = groupsOf({ normWeightDecay: false });
    expect(of('features.0.0.weight')).toEqual({ rate: 1, decays: true });
    for (const name of ['features.0.1.weight', 'features.0.1.bias', 'classifier.1.bias'])
      expect(of(name).decays).toBe(false);
  });
});
