import { Graph } from '../graph/graph.js';
import { toModel } from '../graph/to-model.js';
import { encodeModel } from '../onnx/file.js';
import { elementCount, tensor, toNumbers } from '../onnx/tensor.js';
import { AgonError, fail, messageOf, present } from '../util/error.js';
import { type Device, formatDevice } from './device-kind.js';
import { Session } from './session.js';

const HINT = 'Use --precision float32, or a device that computes in float16 (docs/float16.md)';

/** Fails unless a device computes in float16. Only a run tells: sessions open where the first run fails. */
export async function checkHalf(device: Device): Promise<void> {
  const where = `device ${formatDevice(device)}`;
  // A device that isn't there says so itself
  const session = await Session.open(encodeModel(toModel(probe())), { device });
  try {
    const ones = (dims: readonly number[]) => tensor('float32', dims, new Float32Array(elementCount(dims)).fill(1));
    const results = await session.run({ x: ones(IMAGE), w: ones(KERNEL) }, ['y']);
    const y = toNumbers(present(results.get('y'), 'y'));
    if (!y.every((value) => value === EXPECTED))
      fail(where, WRONG, {
        expected: String(EXPECTED),
        got: y.join(', '),
        hint: HINT,
      });
  } catch (error) {
    if (error instanceof AgonError && error.message.includes(WRONG)) throw error;
    fail(where, `can't compute in float16: ${reasonOf(error)}`, { hint: HINT, cause: error });
  } finally {
    await session.close();
  }
}

const WRONG = 'it computes wrong numbers in float16';

function reasonOf(error: unknown): string {
  const text = messageOf(error);
  if (/requires f16/.test(text)) return 'its driver has no 16-bit floats (WebGPU’s feature shader-f16)';
  return text.split('\n')[0]?.replace(/\.$/, '') ?? text;
}

const IMAGE = [1, 2, 3, 3];
const KERNEL = [2, 2, 3, 3];
/** The sum of two channels of nine ones. */
const EXPECTED = 18;

/** A convolution and an activation in float16 between casts, as a step has them. */
function probe(): Graph {
  const g = new Graph('float16');
  const [x, w] = [g.input('x', 'float32', IMAGE), g.input('w', 'float32', KERNEL)];
  const [half, weight] = [g.op('Cast', [x], { to: 10 }), g.op('Cast', [w], { to: 10 })];
  const y = g.op('Relu', [g.op('Conv', [half, weight], { kernel_shape: [3, 3] })]);
  g.output('y', g.op('Cast', [y], { to: 1 }));
  return g;
}
