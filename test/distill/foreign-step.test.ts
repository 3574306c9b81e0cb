import { describe, expect, it } from 'vitest';
import { evaluate } from '../../scripts/verify/float64/interpreter.js';
import { reshape } from '../../src/graph/arithmetic.js';
import { Graph } from '../../src/graph/graph.js';
import type { Initialiser } from '../../src/graph/initialiser.js';
import { cpu } from '../../src/lower/cpu/cpu.js';
import { portable } from '../../src/lower/portable/portable.js';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { blockSize } from '../../src/runtime/block-size.js';
import { CPU } from '../../src/runtime/device.js';
import { CLASSES, openStep, resNet } from './steps.js';

const block = await blockSize(CPU);
const CHANNELS = 16;
const KAIMING: Initialiser = { kind: 'kaiming-normal', mode: 'fan-in' };
const constant = (value: number): Initialiser => ({ kind: 'constant', value });

/** A classifier of operators that Agon's own networks don't have, one after the other. */
function foreignNet(): Graph {
  const g = new Graph('foreign');
  const images = g.input('images', 'float32', ['N', 3, 8, 8]);
  const weight = (name: string, ...shape: number[]) => g.parameter(name, shape, KAIMING);
  const filled = (name: string, value: number, ...shape: number[]) => g.parameter(name, shape, constant(value));
  const stem = g.op('Conv', [images, weight('stem', CHANNELS, 3, 3, 3)], { pads: [1, 1, 1, 1] });
  const sloped = g.op('PRelu', [stem, filled('slopes', 0.25, CHANNELS, 1, 1)]);
  const own = [filled('scale', 1, CHANNELS), filled('shift', 0, CHANNELS)];
  const normal = g.op('InstanceNormalization', [sloped, ...own]);
  const local = g.op('LRN', [normal], { size: 5, alpha: 0.5 });
  const larger = g.op('ConvTranspose', [local, weight('up', CHANNELS, CHANNELS, 2, 2), filled('lift', 0, CHANNELS)], {
    strides: [2, 2],
  });
  const deep = g.op('SpaceToDepth', [g.op('Mish', [larger])], { blocksize: 2 });
  const mixed = g.op('Conv', [deep, weight('mix', CHANNELS, 4 * CHANNELS, 1, 1)]);
  const features = g.op('Selu', [mixed]);
  const tokens = g.op('Transpose', [reshape(g, features, [0, CHANNELS, -1])], { perm: [0, 2, 1] });
  const layered = g.op('LayerNormalization', [tokens, filled('gain', 1, CHANNELS), filled('bias', 0, CHANNELS)]);
  const placed = g.op('Add', [layered, g.op('Gather', [weight('places', 7, CHANNELS), placesOf(g)])]);
  const chosen = g.op('Gather', [placed, g.integers([0, 9, -1, 9])], { axis: 1 });
  const pooled = g.op('ReduceLogSumExp', [chosen, g.integers([1])], { keepdims: 0 });
  const logits = g.op('Gemm', [pooled, weight('head', CLASSES, CHANNELS), filled('offset', 0, CLASSES)], { transB: 1 });
  g.output('logits', logits);
  g.output('features', features);
  return g;
}

/** Which of the table's rows each of 64 tokens gets. */
function placesOf(g: Graph) {
  return g.integers(Array.from({ length: 64 }, (_, i) => (i * i) % 7));
}

const TARGETS = [['portable', portable], ...(block === undefined ? [] : ([['cpu', cpu(block)]] as const))] as const;

describe('a step of a network from elsewhere and one of Agon’s', () => {
  it.each(TARGETS)('on target %s gives what float64 gives', async (_, target) => {
    const settings = { rule: 'all', temperature: 2 } as const;
    const { step, state, batch, run, close } = await openStep([foreignNet(), resNet([16, 16])], { settings, target });
    const results = await run();
    await close();
    const exact = evaluate(step.graph, new Map<string, Tensor>([...state, ...Object.entries(batch)]));
    const slopes = [...exact.keys()].filter((name) => name.startsWith('net0.') && name.endsWith('.grad'));
    expect(slopes.length).toBe(12);
    for (const [name, value] of exact) {
      const [got, expected] = [toNumbers(results[name] as Tensor), toNumbers(value)];
      const largest = Math.max(...expected.map(Math.abs));
      if (slopes.includes(name)) expect(largest, name).toBeGreaterThan(1e-4);
      const difference = Math.max(...expected.map((each, i) => Math.abs(each - (got[i] ?? Number.NaN))));
      expect(difference, name).toBeLessThanOrEqual(3e-4 * Math.max(largest, 1e-3));
    }
  });
});
