import { describe, expect, it } from 'vitest';
import { gradients } from '../../src/autodiff/gradients.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node/node.js';
import { featureMse } from '../../src/losses/feature-mse.js';
import { elementCount, type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { mseLoop } from './loops.js';
import { evaluate, seeded } from './losses.js';

describe('featureMse', () => {
  it.each([
    [[2, 3, 4, 4], 'mean'],
    [[1, 1, 1, 1], 'mean'],
    [[5, 7, 2, 3], 'mean'],
    [[2, 3, 4, 4], 'sum'],
    [[5, 7, 2, 3], 'sum'],
  ] as const)('of maps of %s against a plain loop, %s over an image', async (dims, reduction) => {
    const random = seeded('mse', ...dims);
    const maps = [0, 1].map(() =>
      tensor(
        'float32',
        dims,
        Float32Array.from({ length: elementCount(dims) }, () => random.normal()),
      ),
    );
    const [student, teacher] = maps as [Tensor, Tensor];
    let teacherGradient: Value | null | undefined;
    const results = await evaluate({ student, teacher }, (g, inputs) => {
      const [a, b] = [inputs.student as Value, inputs.teacher as Value];
      const loss = featureMse(g, a, b, reduction);
      expect(loss).toMatchObject({ dtype: 'float32', shape: [] });
      const [studentGradient, ...others] = gradients(g, loss, [a, b]);
      teacherGradient = others[0];
      g.output('loss', loss);
      g.output('gradient', studentGradient as Value);
    });
    const [a, b] = [toNumbers(student), toNumbers(teacher)];
    const count = reduction === 'mean' ? a.length : dims[0];
    const expected = (mseLoop(a, b) * a.length) / count;
    expect(expected).toBeGreaterThan(0.01);
    expect(Math.abs((toNumbers(results.loss as Tensor)[0] as number) - expected)).toBeLessThan(1e-6 * (1 + expected));
    expect(teacherGradient).toBeNull();
    expect(results.gradient?.dims).toEqual(dims);
    toNumbers(results.gradient as Tensor).forEach((value, i) => {
      const slope = (2 * ((a[i] as number) - (b[i] as number))) / count;
      expect(Math.abs(value - slope)).toBeLessThan(1e-6);
    });
  });

  it.each([
    [
      [2, 3, 4, 4],
      [2, 3, 2, 2],
    ],
    [
      [2, 3, 4, 4],
      [2, 1, 4, 4],
    ],
    [
      [2, 3, 4, 4],
      [2, 3, 4],
    ],
  ])('of unlike shapes %s and %s is an error that says what to do', (a, b) => {
    const g = new Graph('unlike');
    const [student, teacher] = [g.input('a', 'float32', a), g.input('b', 'float32', b)];
    const text = `feature loss: the feature maps differ in shape: expected [${a.join(', ')}], got [${b.join(', ')}]. Compare them through a learned projection (--feature-projection), or`;
    expect(() => featureMse(g, student, teacher)).toThrow(text);
    expect(g.nodes).toEqual([]);
  });
});
