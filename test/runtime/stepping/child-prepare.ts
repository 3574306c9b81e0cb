/**
 * Images as bytes that a graph prepares, on a device: `node --import tsx child-prepare.ts DEVICE`. Prints the prepared numbers as JSON, or an error.
 */
import { Graph } from '../../../src/graph/graph.js';
import { takePixels } from '../../../src/lower/pixel-images.js';
import { type Tensor, tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { parseDevice } from '../../../src/runtime/device.js';
import { Stepper } from '../../../src/runtime/stepping/stepper.js';
import { messageOf } from '../../../src/util/error.js';
import { SHAPE, STATISTICS, someMoves, somePixels } from './some-pixels.js';

async function prepareOn(device: string): Promise<number[]> {
  const graph = new Graph('prepared');
  const seen = graph.op('Identity', [graph.input('images', 'float32', SHAPE)]);
  const w = graph.parameter('w', [1], { kind: 'constant', value: 0 });
  graph.output('w.next', graph.op('Identity', [w]));
  graph.output('seen', seen);
  const { graph: whole } = takePixels({ graph, uniforms: [] }, { ...STATISTICS, crops: true, flips: true });
  const source = { graph: whole, state: ['w'], nextOf: (name: string) => `${name}.next` };
  const stepper = await Stepper.open(source, { device: parseDevice(device) });
  stepper.load(new Map([['w', tensor('float32', [1], [0])]]));
  const feeds = {
    images: tensor('uint8', SHAPE, somePixels),
    'images.moves': tensor('float32', [3, 3], someMoves.flat()),
  };
  const numbers = toNumbers((await stepper.step(feeds)).get('seen') as Tensor);
  await stepper.close();
  return numbers;
}

const result = await prepareOn(process.argv[2] ?? '').then(
  (numbers) => ({ numbers }),
  (error: unknown) => ({ error: messageOf(error) }),
);
process.stdout.write(JSON.stringify(result));
