import type { ModelProto, NodeProto, TensorProto } from '../onnx/model.js';
import { float32Data, scalar, type Tensor, tensor } from '../onnx/tensor.js';
import { toTensorProto } from '../onnx/tensor-proto.js';
import { at } from '../util/checked.js';
import { present } from '../util/error.js';
import { type AffineRange, quantiseBias, quantiseWeights } from './affine.js';
import { biasCorrection } from './bias-correction.js';
import { attributeOf, integer, nodeOf, storedFloats, storedIn } from './nodes.js';
import type { Observations } from './observe.js';
import type { QuantisationPlan, WeightedNode } from './plan.js';

/** The largest magnitude of a weight of 8 bits. */
const EIGHT_BITS = 127;
/**
 * And of 7 bits. Processors with AVX2 or AVX-512 but without VNNI add products of uint8 and int8 in pairs of 16 bits, which 255 * 127 * 2
 * overflows and 255 * 63 * 2 doesn't.
 */
const SEVEN_BITS = 63;

/**
 * A model with QuantizeLinear and DequantizeLinear around what the plan quantises: uint8 between operators, one range a value; weights int8,
 * symmetric, a scale for each output channel; biases int32, corrected for what rounding the weights does to the means. ONNX Runtime makes
 * operators on whole numbers of them. Weights have 7 bits, those of depthwise convolutions, which no processor adds in pairs, 8.
 */
export function withQuantisation(model: ModelProto, plan: QuantisationPlan, observed: Observations): ModelProto {
  return new Writer(model, plan, observed).write();
}

class Writer {
  readonly #stored: ReadonlyMap<string, TensorProto>;
  readonly #added = new Map<string, TensorProto>();
  readonly #nodes: NodeProto[] = [];
  readonly #weighted: ReadonlyMap<NodeProto, WeightedNode>;

  constructor(
    private readonly model: ModelProto,
    private readonly plan: QuantisationPlan,
    private readonly observed: Observations,
  ) {
    this.#stored = storedIn(model.graph);
    this.#weighted = new Map(plan.weighted.map((each) => [each.node, each]));
  }

  write(): ModelProto {
    const { graph } = this.model;
    for (const { name } of graph.input) this.#quantise(name);
    for (const node of graph.node) {
      const weighted = this.#weighted.get(node);
      const input = node.input.map((name) => (this.#rangeOf(name) ? `${name}_dequantized` : name));
      this.#nodes.push({ ...node, input: weighted ? this.#weightedInputs(weighted, input) : input });
      for (const name of node.output) this.#quantise(name);
    }
    const needed = new Set([...this.#nodes.flatMap(({ input }) => input), ...graph.output.map(({ name }) => name)]);
    const initializer = [...graph.initializer, ...this.#added.values()].filter(({ name }) => needed.has(name ?? ''));
    return { ...this.model, graph: { ...graph, node: this.#nodes, initializer } };
  }

  #rangeOf(name: string): AffineRange | undefined {
    const like = this.plan.like.get(name);
    return like === undefined ? this.observed.ranges.get(name) : this.#rangeOf(like);
  }

  #quantise(name: string): void {
    const range = this.#rangeOf(name);
    if (!range) return;
    const parameters = [
      this.#add(`${name}_scale`, scalar(range.scale)),
      this.#add(`${name}_zero_point`, scalar(range.zeroPoint, 'uint8')),
    ];
    const quantised = `${name}_quantized`;
    this.#nodes.push(nodeOf('QuantizeLinear', [name, ...parameters], quantised));
    this.#nodes.push(nodeOf('DequantizeLinear', [quantised, ...parameters], `${name}_dequantized`));
  }

  #weightedInputs(weighted: WeightedNode, [input = '']: readonly string[]): string[] {
    const { node, axis } = weighted;
    const [data = '', name = '', bias] = node.input;
    const weights = this.#floats(name);
    const own = quantiseWeights(weights, axis, isDepthwise(node, weights) ? EIGHT_BITS : SEVEN_BITS);
    const inputs = [input, this.#dequantised(name, own.quantised, own.scales, axis)];
    if (node.opType === 'MatMul') return inputs;
    const moved = biasCorrection(weighted, weights, own, present(this.observed.means.get(data), `means of ${data}`));
    const { scale } = present(this.#rangeOf(data), `the range of ${data}`);
    const biases = bias ? float32Data(this.#floats(bias)) : new Float32Array(moved.length);
    const products = quantiseBias(
      moved.map((value, k) => value + at(biases, k)),
      scale,
      own.scales,
    );
    return [...inputs, this.#dequantised(`${at(node.output, 0)}/bias`, products.quantised, products.scales, 0)];
  }

  #floats(name: string): Tensor<'float32'> {
    return present(storedFloats(this.#stored, name), name);
  }

  /** A stored tensor of whole numbers, and the node that makes numbers of it. */
  #dequantised(name: string, whole: Tensor<'int8' | 'int32'>, scales: Float32Array, axis: number): string {
    const output = `${name}_dequantized`;
    if (this.#added.has(`${name}_quantized`)) return output;
    const inputs = [
      this.#add(`${name}_quantized`, whole),
      this.#add(`${name}_scale`, tensor('float32', [scales.length], scales)),
      this.#add(`${name}_zero_point`, tensor(whole.dtype, [scales.length], new Array<number>(scales.length).fill(0))),
    ];
    this.#nodes.push(nodeOf('DequantizeLinear', inputs, output, [integer('axis', axis)]));
    return output;
  }

  #add(name: string, value: Tensor): string {
    this.#added.set(name, toTensorProto(name, value));
    return name;
  }
}

function isDepthwise(node: NodeProto, { dims }: Tensor): boolean {
  return node.opType === 'Conv' && dims[1] === 1 && attributeOf(node, 'group')?.i === dims[0];
}
