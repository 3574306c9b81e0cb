import { take } from '../../util/checked.js';
import type { Body } from '../target.js';

// dX = dY where Y > 0: chosen, not multiplied, which is a kernel less, and what isn't chosen may be infinite
export const ReluGrad: Body = (g, _node, inputs) => {
  const [dY, y] = take(inputs, 2);
  return [g.op('Where', [g.op('Greater', [y, g.scalar(0)]), dY, g.scalar(0)])];
};

// dX = dY where min < Y < max: where Y stays what it is when it is clipped to the numbers next to the bounds
export const ClipGrad: Body = (g, node, inputs) => {
  const [dY, y] = take(inputs, 2);
  const bound = (name: string, direction: 1 | -1) =>
    node.has(name) ? g.scalar(nextFloat(node.number(name), direction)) : null;
  const kept = g.op('Equal', [y, g.op('Clip', [y, bound('min', 1), bound('max', -1)])]);
  return [g.op('Where', [kept, dY, g.scalar(0)])];
};

/** The smallest normal float32: what is closer to 0 a GPU may take for it. */
const SMALLEST = 2 ** -126;

/** The float32 next to another, upwards or downwards. */
function nextFloat(x: number, direction: 1 | -1): number {
  if (x === 0) return direction * SMALLEST;
  const number = Float32Array.of(x);
  const bits = new Int32Array(number.buffer);
  bits[0] = (bits[0] as number) + (x > 0 ? direction : -direction);
  return number[0] as number;
}
