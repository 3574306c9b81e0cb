import { Graph } from '../../graph/graph.js';
import { elementCount, type Tensor, tensor, toNumbers } from '../../onnx/tensor.js';
import { at } from '../../util/checked.js';
import { present } from '../../util/error.js';
import { stream } from '../../util/random.js';
import { CPU } from '../device.js';
import type { Device } from '../device-kind.js';
import { Stepper } from '../stepping/stepper.js';

const STEPS = 3;
const IMAGES = [4, 3, 8, 8];
const WEIGHT = [8, 3, 3, 3];

/** How far the weights are from the CPU's after a few steps on a device, as a share of the largest. */
export async function differenceFromCpu(device: Device): Promise<number> {
  const [got, expected] = [await weightsOn(device), await weightsOn(CPU)];
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => distance(value, at(got, i)))) / largest;
}

/** NaN counts as infinitely far. */
function distance(a: number, b: number): number {
  const difference = Math.abs(a - b);
  return Number.isFinite(difference) ? difference : Number.POSITIVE_INFINITY;
}

async function weightsOn(device: Device): Promise<number[]> {
  const graph = smallStep();
  const source = { graph, state: ['weight'], nextOf: (name: string) => `${name}.next` };
  const stepper = await Stepper.open(source, { device });
  stepper.load(new Map([['weight', noise('weight', WEIGHT)]]));
  for (let i = 0; i < STEPS; i++) await stepper.step({ images: noise(`images ${i}`, IMAGES) });
  const state = await stepper.state();
  await stepper.close();
  return toNumbers(present(state.get('weight'), 'the weight'));
}

/** A convolution, an activation, a sum and an update: what every training does on its device. */
function smallStep(): Graph {
  const g = new Graph('small_step');
  const images = g.input('images', 'float32', IMAGES);
  const weight = g.parameter('weight', WEIGHT, { kind: 'constant', value: 0 });
  const activations = g.op('Relu', [g.op('Conv', [images, weight], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })]);
  const mean = g.op('ReduceMean', [activations, g.integers([0, 2, 3])], { keepdims: 0 });
  const factors = g.op('Reshape', [mean, g.integers([-1, 1, 1, 1])]);
  g.output('weight.next', g.op('Sub', [weight, g.op('Mul', [weight, factors])]));
  return g;
}

function noise(name: string, dims: readonly number[]): Tensor {
  const random = stream(0, 'small step', name);
  const numbers = Float32Array.from({ length: elementCount(dims) }, () => random.normal());
  return tensor('float32', dims, numbers);
}
