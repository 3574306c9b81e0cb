import { expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.js';
import { fromPlain, toPlain } from '../../src/graph/plain.js';
import { printGraph } from '../../src/graph/print.js';
import { toModel } from '../../src/graph/to-model.js';
import { lower } from '../../src/lower/lower.js';
import { portable } from '../../src/lower/portable/portable.js';
import { encodeModel } from '../../src/onnx/file.js';
import { smallStep } from '../runtime/small-step.js';

it('a graph that went through plain data is the same, and becomes the same model', () => {
  const { graph } = smallStep().step;
  const back = fromPlain(structuredClone(toPlain(graph)));
  expect(printGraph(back)).toBe(printGraph(graph));
  expect([...back.parameters]).toEqual([...graph.parameters]);
  const bytes = (each: Graph) => Buffer.from(encodeModel(toModel(lower(each, portable))));
  expect(bytes(back).equals(bytes(graph))).toBe(true);
});

it('keeps inputs that are left out, and sizes that are open', () => {
  const g = new Graph('optional');
  g.output('y', g.op('Clip', [g.input('x', 'float32', ['N', 4]), null, g.scalar(1)]));
  const back = fromPlain(structuredClone(toPlain(g)));
  expect(printGraph(back)).toBe(printGraph(g));
  expect(back.outputs.get('y')?.shape).toEqual(['N', 4]);
});
