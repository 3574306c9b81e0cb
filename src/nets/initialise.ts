import type { Graph, Parameter } from '../graph/graph.js';
import type { Initialiser } from '../graph/initialiser.js';
import { type Tensor, tensor } from '../onnx/tensor.js';
import { fail } from '../util/error.js';
import { type Random, stream } from '../util/random.js';

/**
 * First values of all parameters and buffers, by name. Each has a stream of its own, so its values depend on the seed,
 * the address (which network it is) and its name, not on what else the graph holds.
 */
export function initialiseParameters(
  graph: Graph,
  seed: number,
  ...address: readonly (string | number)[]
): Map<string, Tensor> {
  const values = new Map<string, Tensor>();
  for (const parameter of graph.parameters.values()) {
    values.set(parameter.value.name, initialiseParameter(parameter, seed, ...address));
  }
  return values;
}

/** The first value of one parameter. */
export function initialiseParameter(
  { value: { name, shape }, initialiser }: Parameter,
  seed: number,
  ...address: readonly (string | number)[]
): Tensor {
  const dims = shape.map((dim) => (typeof dim === 'number' ? dim : fail(`parameter ${name}`, 'its shape is symbolic')));
  const random = stream(seed, 'initialise', ...address, name);
  return tensor('float32', dims, sample(name, dims, initialiser, random));
}

function sample(name: string, dims: readonly number[], initialiser: Initialiser, random: Random): Float32Array {
  const data = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
  switch (initialiser.kind) {
    case 'constant':
      return data.fill(initialiser.value);
    case 'uniform':
      return fill(data, () => initialiser.bound * (2 * random.uniform() - 1));
    case 'normal':
      return fill(data, () => initialiser.std * random.normal());
    case 'kaiming-normal': {
      const std = Math.sqrt(2 / fanOf(name, dims, initialiser.mode));
      return fill(data, () => std * random.normal());
    }
  }
}

/** torch's `_calculate_fan_in_and_fan_out`: axis 1 (in) or 0 (out) times the kernel's size, groups left aside. */
function fanOf(name: string, dims: readonly number[], mode: 'fan-in' | 'fan-out'): number {
  const [outputs, inputs, ...kernel] = dims;
  if (outputs === undefined || inputs === undefined) {
    return fail(`parameter ${name}`, 'fans need at least two axes', { got: `[${dims.join(', ')}]` });
  }
  return kernel.reduce((product, dim) => product * dim, mode === 'fan-in' ? inputs : outputs);
}

function fill(data: Float32Array, next: () => number): Float32Array {
  for (let i = 0; i < data.length; i++) data[i] = next();
  return data;
}
