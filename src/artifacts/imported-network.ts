import { checkTrainable } from '../autodiff/trainable.js';
import { findHead, isHead } from '../foreign/head.js';
import { classAxis, LEAST_PROBABILITY, type Reading } from '../foreign/reading.js';
import { reshape } from '../graph/arithmetic.js';
import { Graph, type Parameter } from '../graph/graph.js';
import { inline } from '../graph/inline.js';
import { asNumber, formatShape } from '../graph/node/dim.js';
import type { Value } from '../graph/node/node.js';
import { knownSizes, spatialSizes } from '../graph/node/sizes.js';
import { elementCount, type Tensor } from '../onnx/tensor.js';
import { fail, present } from '../util/error.js';

/** The images that a network takes. */
export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** A network from elsewhere: its forward graph, and the values of its parameters. */
export interface ImportedNetwork {
  /** Input `images` [N, channels, height, width], outputs `logits` [N, classes] and `features`. */
  readonly graph: Graph;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly image: ImageShape;
  readonly classes: number;
}

interface Parts {
  readonly input: string;
  readonly logits: string;
  /** Whether a parameter stays as it is. */
  isFrozen(name: string, role: Parameter['role']): boolean;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly image: ImageShape;
  /** What the output called `logits` is. */
  readonly reading?: Reading;
  /** Whether it may be one that can't be trained. */
  readonly untrainable?: boolean;
}

/**
 * The network with images as its input, and its last feature map as an output. One that can't be trained is an error that names the
 * operators and nodes in the way.
 */
export function onImages(
  source: Graph,
  { input, logits, isFrozen, parameters, image, reading, untrainable }: Parts,
): ImportedNetwork {
  const graph = new Graph(source.name);
  const { channels, height, width } = image;
  const images = graph.input('images', 'float32', ['N', channels, height, width]);
  const isFlat = source.inputs[0]?.shape.length === 2;
  const bind = new Map([[input, isFlat ? reshape(graph, images, [-1, channels * height * width]) : images]]);
  for (const [name, { value, role, initialiser }] of source.parameters) {
    const learned = isFrozen(name, role) ? 'frozen' : role;
    bind.set(name, graph.parameter(name, value.shape, initialiser, learned));
  }
  const copied = inline(source, graph, { bind });
  const copyOf = (value: Value) => present(copied.get(value), value.name);
  const scores = copyOf(present(source.outputs.get(logits), logits));
  const result = withoutUnitAxes(graph, scores);
  const [batch, classes] = result.shape;
  if (result.dtype !== 'float32' || result.shape.length !== 2 || batch !== 'N' || !asNumber(classes)) {
    fail(`logits "${logits}"`, 'their type', {
      expected: 'float32 [N, classes]',
      got: `${result.dtype} ${formatShape(result.shape)}`,
    });
  }
  graph.output('logits', reading === 'probabilities' ? logarithms(graph, result) : result);
  graph.output('features', featuresOf(graph, scores));
  if (!untrainable) checkTrainable(graph);
  return { graph, parameters, image, classes: Number(classes) };
}

/** [N, classes, 1, 1] as [N, classes]. */
function withoutUnitAxes(graph: Graph, scores: Value): Value {
  const axis = scores.shape.length > 2 ? classAxis(scores.shape) : undefined;
  const classes = axis === undefined ? undefined : asNumber(scores.shape[axis]);
  return classes === undefined ? scores : reshape(graph, scores, [-1, classes]);
}

function logarithms(graph: Graph, probabilities: Value): Value {
  return graph.op('Log', [graph.op('Clip', [probabilities, graph.scalar(LEAST_PROBABILITY)])]);
}

/**
 * The last feature map of several positions on the way to the logits, before the layer that makes them; without one, or with attention
 * (whose maps are no images), what the last layer sees, as a map of one position. Dropout is left aside.
 */
function featuresOf(graph: Graph, logits: Value): Value {
  const head = findHead(graph);
  const before = graph.nodes.filter((node) => !isHead(head) || !head.nodes.has(node));
  const maps = before.filter(({ outputs: [output] }) => {
    return output?.shape.length === 4 && elementCount(spatialSizes(output)) > 1;
  });
  const last = maps.at(-1);
  const attends = before.some(({ op }) => op === 'Softmax');
  if (last && !attends) return last.op === 'Dropout' ? last.input(0) : last.output();
  const hidden = isHead(head) ? head.layer.input(0) : (graph.producer(logits)?.inputs[0] ?? logits);
  return reshape(graph, hidden, [-1, elementCount(knownSizes(hidden, 1)), 1, 1]);
}
