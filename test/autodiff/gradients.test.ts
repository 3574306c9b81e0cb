import { describe, expect, it } from 'vitest';
import { hasGradientRule, operatorsWithEntry, ruleEntry } from '../../src/autodiff/registry.js';
import { knownOperators } from '../../src/graph/infer/infer.js';
import { AGON, MICROSOFT, NCHWC } from '../../src/graph/node/node.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { stream } from '../../src/util/random.js';
import { openGraph } from '../support/run.js';
import { buildCase, filled, sampleCase } from './case-graph.js';
import { CASES, type GradientCase } from './cases.js';
import { FOREIGN_CASES } from './foreign-cases.js';

const SEED = 7;
const STEP = 1e-2;
const DOMAINS = ['', AGON, MICROSOFT, NCHWC];
const ALL = [...CASES, ...FOREIGN_CASES];

describe('gradient rules against central differences', () => {
  for (const row of ALL) {
    it(`${row.op}${row.note ? ` (${row.note})` : ''}`, () => checkCase(row));
  }

  it('has a row for every rule', () => {
    const covered = new Set(ALL.map(({ op, domain }) => `${domain ?? ''} ${op}`));
    const elsewhere = [' Where', `${AGON} Detach`];
    const rules = DOMAINS.flatMap((domain) =>
      operatorsWithEntry(domain).flatMap((op) => (hasGradientRule(op, domain) ? [`${domain} ${op}`] : [])),
    );
    expect(rules.filter((name) => !covered.has(name) && !elsewhere.includes(name))).toEqual([]);
  });
});

describe('the registry of gradients', () => {
  it.each(DOMAINS)(
    'has a rule or a reason for each operator that inference knows, and no other (domain "%s")',
    (domain) => {
      expect(new Set(operatorsWithEntry(domain))).toEqual(new Set(knownOperators(domain)));
    },
  );

  it('gives reasons that end its sentence', () => {
    const reasons = DOMAINS.flatMap((domain) => operatorsWithEntry(domain).map((op) => ruleEntry(op, domain)));
    const texts = reasons.flatMap((entry) => (entry && typeof entry !== 'function' ? [entry.because] : []));
    expect(texts.length).toBeGreaterThan(20);
    for (const text of texts) expect(text).toMatch(/^(it|its|no) .{15,}[^.]$/);
  });

  it('has nothing under a name that every object has', () => {
    expect(ruleEntry('constructor')).toBeUndefined();
    expect(ruleEntry('Relu', 'toString')).toBeUndefined();
  });
});

/**
 * The loss is sum(Y * R) with fixed random R, so that every output element counts differently. In a random direction V,
 * <dX, V> must equal (loss(X + hV) - loss(X - hV)) / 2h; the differences are added up in float64 from Y itself.
 */
async function checkCase(row: GradientCase): Promise<void> {
  const random = stream(SEED, row.op, row.note ?? '');
  const samples = sampleCase(row, random);
  const directions = row.shapes.map((shape) => filled(shape, () => 3 * random.uniform() - 1.5));
  const { graph, weights } = buildCase(row, random);
  const session = await openGraph(graph);
  const feeds = (h: number) =>
    Object.fromEntries(samples.map((x, i) => [`x${i}`, moved(x, directions[i] as Tensor, h)]));
  const run = async (h: number) => session.run(feeds(h));
  const [before, after, here] = [await run(-STEP), await run(STEP), await run(0)];
  const change = (r: Tensor, i: number) => dot(r, after[`y${i}`] as Tensor) - dot(r, before[`y${i}`] as Tensor);
  const expected = weights.reduce((sum, r, i) => sum + change(r, i), 0) / (2 * STEP);
  const products = samples.map((_, i) => dot(here[`d${i}`] as Tensor, directions[i] as Tensor));
  const got = products.reduce((a, b) => a + b, 0);
  await session.close();
  const size = Math.max(1, Math.abs(expected), ...products.map(Math.abs));
  expect(Math.abs(got - expected) / size, `seed ${SEED}: got ${got}, expected ${expected}`).toBeLessThan(2e-3);
}

function moved(x: Tensor, direction: Tensor, h: number): Tensor {
  const along = toNumbers(direction);
  return tensor(
    'float32',
    x.dims,
    (x.data as Float32Array).map((value, i) => value + h * (along[i] ?? 0)),
  );
}

function dot(a: Tensor, b: Tensor): number {
  const other = toNumbers(b);
  return toNumbers(a).reduce((sum, value, i) => sum + value * (other[i] ?? 0), 0);
}
