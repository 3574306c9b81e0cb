import { describe, expect, it } from 'vitest';
import { Graph } from '../../../src/graph/graph.js';
import { executionOrder } from '../../../src/runtime/memory/execution-order.js';
import { bytesOf, mostLiveBytes } from '../../../src/runtime/memory/live-bytes.js';

/** Of 100 float32 numbers. */
const ONE = 400;

describe('the bytes that are alive at once', () => {
  it('are those of values from when they are made to when they are needed last', () => {
    const g = new Graph('g');
    const x = g.input('x', 'float32', [100]);
    const a = g.op('Softmax', [x]);
    const b = g.op('Softmax', [a]);
    const c = g.op('Softmax', [b]);
    // a is needed to the end: a and b, then a and c
    g.output('y', g.op('Concat', [a, c], { axis: 0 }));
    expect(mostLiveBytes(g, g.nodes)).toBe(3 * ONE);
    const h = new Graph('h');
    g.output('z', g.op('Softmax', [c]));
    const chain = ['p', 'q', 'r'].reduce((value) => h.op('Softmax', [value]), h.input('x', 'float32', [100]));
    h.output('y', h.op('Softmax', [chain]));
    expect(mostLiveBytes(h, h.nodes)).toBe(2 * ONE);
  });

  it('count no view and nothing that is written over an input whose last use this was', () => {
    const g = new Graph('g');
    const x = g.input('x', 'float32', [100]);
    const a = g.op('Softmax', [x]);
    const view = g.op('Reshape', [a, g.integers([10, 10])]);
    const c = g.op('Relu', [view]);
    const d = g.op('Add', [c, c]);
    g.output('y', g.op('Softmax', [d]));
    expect(mostLiveBytes(g, g.nodes)).toBe(ONE);
    // Where the viewed value is needed later, it can't be written over
    const kept = new Graph('kept');
    const b = kept.op('Softmax', [kept.input('x', 'float32', [100])]);
    const relu = kept.op('Relu', [kept.op('Reshape', [b, kept.integers([10, 10])])]);
    kept.output(
      'y',
      kept.op('Concat', [kept.op('Flatten', [relu], { axis: 0 }), kept.op('Unsqueeze', [b, kept.integers([0])])], {
        axis: 0,
      }),
    );
    expect(mostLiveBytes(kept, kept.nodes)).toBe(2 * ONE);
  });

  it('take a size that is open as the batch', () => {
    const g = new Graph('g');
    const x = g.input('x', 'float32', ['N', 25]);
    expect([bytesOf(x, 8), bytesOf({ ...x, shape: ['3*N', 2] }, 8), bytesOf({ ...x, dtype: 'int64' }, 1)]).toEqual([
      800, 192, 200,
    ]);
  });
});

describe("ONNX Runtime's order of execution", () => {
  it('goes backwards from the last node that no other needs, producers of later nodes first', () => {
    const g = new Graph('g');
    const x = g.input('x', 'float32', [4]);
    const names = (graph: Graph) => executionOrder(graph).map(({ name }) => name);
    const a = g.op('Relu', [x], {}, { name: 'a' });
    const b = g.op('Relu', [x], {}, { name: 'b' });
    g.output('first', g.op('Add', [a, b], {}, { name: 'c' }));
    g.output('second', g.op('Neg', [b], {}, { name: 'd' }));
    expect(names(g)).toEqual(['b', 'd', 'a', 'c']);
  });
});
