import { Graph } from '../graph/graph.js';
import { fromModel } from '../graph/import/from-model.js';
import { inline } from '../graph/inline.js';
import { asNumbers, formatShape, type Shape } from '../graph/node/dim.js';
import type { Value } from '../graph/node/node.js';
import type { NetworkInput } from '../nets/registry.js';
import { decodeModel } from '../onnx/file.js';
import type { ModelProto, ValueInfoProto } from '../onnx/model.js';
import { at } from '../util/checked.js';
import { fail, present } from '../util/error.js';
import type { NetworkEntry } from './manifest.js';
import { naming } from './naming.js';
import { BATCH, settleShape } from './sizes.js';

/**
 * A network of an artifact as a forward graph for some data: `bytes` are its file at `where`, `entry` is what the manifest says
 * of it. Sizes that are open in the artifact become the input's; a size that is not open and differs is an error.
 */
export function readForward(bytes: Uint8Array, where: string, entry: NetworkEntry, input: NetworkInput): Graph {
  const shapes = settleSizes(entry, input, where);
  const model = decodeModel(bytes, where);
  checkInterface(model, shapes, where);
  return naming(where, () => settledGraph(model, entry, shapes));
}

/** The shapes of the file's inputs. */
function settleSizes(entry: NetworkEntry, input: NetworkInput, where: string): Map<string, Shape> {
  const [images] = entry.inputs;
  const logits = entry.outputs.find(({ name }) => name === 'logits');
  const wanted: Shape = [BATCH, input.channels, input.height, input.width];
  checkSizes(where, 'images', settleShape(images?.shape ?? [], input), wanted, 'Resize the images (--size)');
  const classes = settleShape(logits?.shape ?? [], input);
  checkSizes(where, 'logits', classes, [BATCH, input.classes], 'Train on data with as many classes as it tells apart');
  const parameters = entry.parameters.map(({ name, shape }) => [name, settleShape(shape, input)] as const);
  return new Map([['images', wanted], ...parameters]);
}

function checkSizes(where: string, name: string, got: Shape, wanted: Shape, hint: string): void {
  if (formatShape(got) === formatShape(wanted)) return;
  fail(where, `the network's ${name} are not those of the data`, {
    expected: formatShape(wanted),
    got: formatShape(got),
    hint,
  });
}

/** Fails unless the file has the inputs that the manifest names, and both outputs. */
function checkInterface({ graph }: ModelProto, shapes: ReadonlyMap<string, Shape>, where: string): void {
  const inputs = new Set(graph.input.map(({ name }) => name));
  const outputs = new Set(graph.output.map(({ name }) => name));
  const missing = [...shapes.keys()].find((name) => !inputs.has(name));
  const unknown = [...inputs].find((name) => !shapes.has(name));
  const lacking = ['logits', 'features'].find((name) => !outputs.has(name));
  const what = missing
    ? `its input "${missing}" is missing`
    : unknown
      ? `its input "${unknown}" is not in the manifest`
      : lacking && `its output "${lacking}" is missing`;
  if (what) fail(where, what, { hint: 'Export the artifact again' });
  for (const { name, type } of graph.input) checkShape(name, type, shapes.get(name) ?? [], where);
}

/** Fails where the file has another shape than the manifest; a size that is open in the file is settled by the latter. */
function checkShape(name: string, type: ValueInfoProto['type'], shape: Shape, where: string): void {
  const dims = type?.tensorType?.shape?.dim;
  if (!dims) return;
  const own = dims.map(({ dimValue }, axis) => dimValue ?? at(shape, axis));
  if (formatShape(own) === formatShape(shape)) return;
  fail(where, `its input "${name}" is not as the manifest says`, {
    expected: formatShape(shape),
    got: formatShape(own),
    hint: 'Export the artifact again',
  });
}

/** The file's graph with its parameters declared as such, in the manifest's order. */
function settledGraph(model: ModelProto, entry: NetworkEntry, shapes: ReadonlyMap<string, Shape>): Graph {
  const { graph: file, parameters: stored } = fromModel(model, { inputShapes: shapes });
  const graph = new Graph(entry.name);
  const bind = new Map<string, Value>();
  for (const { name, dtype, shape } of file.inputs) {
    if (name === 'images') bind.set(name, graph.input(name, dtype, shape));
  }
  for (const { name, role, initialiser } of entry.parameters) {
    bind.set(name, graph.parameter(name, present(asNumbers(shapes.get(name) ?? []), name), initialiser, role));
  }
  // What the file itself holds is no parameter of the artifact
  for (const [name, content] of stored) bind.set(name, graph.constant(content, name));
  const copied = inline(file, graph, { bind });
  for (const name of ['logits', 'features']) {
    const value = present(file.outputs.get(name), name);
    graph.output(name, present(copied.get(value), name));
  }
  return graph;
}
