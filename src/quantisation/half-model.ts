import { decodeHalf, encodeHalf } from '../onnx/half.js';
import type { GraphProto, ModelProto, NodeProto, TensorProto } from '../onnx/model.js';
import { codeOfDtype } from '../onnx/tensor.js';
import { toTensorProto } from '../onnx/tensor-proto.js';
import { present } from '../util/error.js';
import { withFoldedNorms } from './fold-norms.js';
import { integer, nodeOf, storedFloats, storedIn } from './nodes.js';
import { typesOf } from './value-types.js';

/** What computes in float16; all else (statistics, exponentials, logarithms, sums) stays float32. */
const HALVED: ReadonlySet<string> = new Set([
  ...['Conv', 'Gemm', 'MatMul', 'Add', 'Sub', 'Mul', 'Concat', 'Pad', 'Slice'],
  ...['Relu', 'LeakyRelu', 'Clip', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Identity', 'Dropout'],
  ...['MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool'],
  ...['Flatten', 'Reshape', 'Transpose', 'Squeeze', 'Unsqueeze'],
]);

/** A model in float16. */
export interface HalfModel {
  readonly model: ModelProto;
  /** The kinds of operators that still compute in float32. */
  readonly inSingle: readonly string[];
  /** Stored numbers beyond the range of float16, which became its largest. */
  readonly clipped: number;
  /** Stored numbers other than 0 that are too small for float16, and became 0. */
  readonly vanished: number;
}

const [SINGLE, HALF] = [codeOfDtype('float32'), codeOfDtype('float16')];
const LARGEST = decodeHalf(0x7bff);

/**
 * A float32 model with weights and computation in float16; its inputs and outputs stay float32. Normalisations are folded into convolutions;
 * a Cast stands wherever a value goes from float16 to an operator of float32, or back.
 */
export function inHalfPrecision(given: ModelProto): HalfModel {
  const model = withFoldedNorms(given);
  const casts = new Casts(model.graph);
  const node = model.graph.node.flatMap((each) => casts.node(each));
  const { tensors, clipped, vanished } = casts.stored();
  return {
    model: { ...model, graph: { ...model.graph, node, initializer: tensors } },
    inSingle: [...casts.inSingle].sort(),
    clipped,
    vanished,
  };
}

/** Walks over the nodes of a graph, and knows in which precision each value is at hand. */
class Casts {
  readonly inSingle = new Set<string>();
  readonly #types: ReadonlyMap<string, number>;
  readonly #outputs: ReadonlySet<string>;
  readonly #stored: ReadonlyMap<string, TensorProto>;
  readonly #halves = new Set<string>();
  /** Stored tensors by the name that nodes read them under. */
  readonly #used = new Map<string, string>();
  readonly #cast = new Set<string>();

  constructor(graph: GraphProto) {
    this.#types = typesOf(graph);
    this.#outputs = new Set(graph.output.map(({ name }) => name));
    this.#stored = storedIn(graph);
    for (const name of this.#outputs) if (this.#stored.has(name)) this.#used.set(name, name);
  }

  /** The node with its inputs in its precision, and the casts that it takes. */
  node(node: NodeProto): NodeProto[] {
    const half = !node.domain && HALVED.has(node.opType) && this.#isFloat(node.input[0]);
    if (!half && node.input.some((name) => this.#isFloat(name))) this.inSingle.add(node.opType);
    const before: NodeProto[] = [];
    const input = node.input.map((name) => (this.#isFloat(name) ? this.#read(name, half, before) : this.#keep(name)));
    const after: NodeProto[] = [];
    const output = node.output.map((name) => (half && this.#isFloat(name) ? this.#write(name, after) : name));
    return [...before, { ...node, input, output }, ...after];
  }

  #isFloat(name = ''): boolean {
    return name !== '' && this.#types.get(name) === SINGLE;
  }

  #keep(name: string): string {
    if (this.#stored.has(name)) this.#used.set(name, name);
    return name;
  }

  #read(name: string, half: boolean, before: NodeProto[]): string {
    const isThere = this.#stored.has(name) ? half === false : this.#halves.has(name) === half;
    const wanted = isThere ? name : `${name}_${half ? 'half' : 'single'}`;
    if (this.#stored.has(name)) this.#used.set(wanted, name);
    else if (!isThere && !this.#cast.has(wanted)) {
      this.#cast.add(wanted);
      before.push(castTo(half ? HALF : SINGLE, name, wanted));
    }
    return wanted;
  }

  #write(name: string, after: NodeProto[]): string {
    if (!this.#outputs.has(name)) {
      this.#halves.add(name);
      return name;
    }
    const made = `${name}_half`;
    this.#cast.add(made);
    after.push(castTo(SINGLE, made, name));
    return made;
  }

  stored(): { readonly tensors: readonly TensorProto[]; readonly clipped: number; readonly vanished: number } {
    let [clipped, vanished] = [0, 0];
    const tensors = [...this.#used].map(([wanted, name]) => {
      if (wanted === name) return present(this.#stored.get(name), name);
      const { dims, data } = present(storedFloats(this.#stored, name), name);
      const bits = Uint16Array.from(data, (value) => {
        const half = encodeHalf(Math.max(-LARGEST, Math.min(value, LARGEST)));
        if (Math.abs(value) > LARGEST) clipped++;
        if (value !== 0 && decodeHalf(half) === 0) vanished++;
        return half;
      });
      return toTensorProto(wanted, { dtype: 'float16', dims, data: bits });
    });
    return { tensors, clipped, vanished };
  }
}

function castTo(code: number, from: string, to: string): NodeProto {
  return nodeOf('Cast', [from], to, [integer('to', code)]);
}
