import { asGolden } from '../../scripts/verify/as-golden.js';
import { runInFloat64 } from '../../scripts/verify/float64-run.js';
import { type Golden, readGolden } from '../../scripts/verify/golden.js';
import type { Node } from '../../src/graph/node/node.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { present } from '../../src/util/error.js';

/** How far above zero the input of the ReLU is put. */
const ABOVE = 1e-7;

/**
 * A golden file in which one input of a ReLU lies just above zero in step 0: the one with the steepest gradient, put there by
 * the bias of the BatchNormalization in front. The golden numbers are those of float64.
 */
export async function goldenOnKink(path: string, bias: string): Promise<{ golden: Golden; relu: Node }> {
  const golden = await readGolden(path);
  const relu = reluBehind(golden, `net0.${bias}`);
  const name = `init.${bias}`;
  const first = present(golden.tensors.get(name), name);
  const moved = { ...golden, tensors: new Map([...golden.tensors, [name, moveToKink(golden, relu, first)]]) };
  return { golden: asGolden(moved, runInFloat64(moved)), relu };
}

function reluBehind({ step: { graph } }: Golden, bias: string): Node {
  const norm = graph.nodes.find(({ op, inputs }) => op === 'BatchNormTraining' && inputs[2]?.name === bias);
  return present(
    graph.nodes.find(({ op, inputs }) => op === 'Relu' && inputs[0] === norm?.output()),
    bias,
  );
}

/** The bias per channel with which the ReLU's input of steepest gradient in step 0 is at the kink. */
function moveToKink(golden: Golden, relu: Node, bias: Tensor): Tensor {
  const { x, dY } = aroundRelu(golden, relu);
  const steepness = toNumbers(dY).map(Math.abs);
  const steepest = steepness.indexOf(Math.max(...steepness));
  const plane = (x.dims[2] as number) * (x.dims[3] as number);
  const channel = Math.floor(steepest / plane) % bias.data.length;
  const values = toNumbers(bias);
  values[channel] = (values[channel] as number) - (toNumbers(x)[steepest] as number) + ABOVE;
  return tensor('float32', bias.dims, Float32Array.from(values));
}

/** The input of a ReLU and the gradient of its output, in step 0. */
function aroundRelu(golden: Golden, relu: Node): { x: Tensor; dY: Tensor } {
  const { graph } = golden.step;
  const gradient = graph.nodes.find(({ op, inputs }) => op === 'ReluGrad' && inputs[1] === relu.output());
  graph.output('probe.x', relu.input(0));
  graph.output('probe.dY', present(gradient, relu.name).input(0));
  const { steps } = runInFloat64(golden);
  graph.outputs.delete('probe.x');
  graph.outputs.delete('probe.dY');
  const [x, dY] = ['probe.x', 'probe.dY'].map((name) => present(steps[0]?.get(name), name)) as [Tensor, Tensor];
  return { x, dY };
}
