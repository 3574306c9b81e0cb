import type { Graph } from '../graph/graph.js';
import { elementCount } from '../onnx/tensor.js';
import type { WeightsFile } from './files/weights-file.js';
import { bestReading, offeredBy, parameterNames, type Reading } from './names/readings.js';
import type { NamedTensor } from './names/wrappers.js';
import { headOf, stemOf } from './network.js';

/** Why a parameter has no value from the file. */
export type Misfit = 'missing' | 'shape' | 'kind';

/** How a file's tensors go with a network's parameters. */
export interface Fit {
  readonly reading: Reading;
  readonly head: ReadonlySet<string>;
  /** The tensors that can be taken, by parameter. */
  readonly suited: ReadonlyMap<string, NamedTensor>;
  readonly misfits: ReadonlyMap<string, Misfit>;
  /** Tensors that no parameter takes. */
  readonly unused: readonly NamedTensor[];
  /** The share of the network's numbers that the file has, the head left aside: 0 to 1. */
  readonly found: number;
  /** The share of the file's numbers that the network takes, the head left aside. */
  readonly used: number;
}

/** Compares a file with a network, by names and shapes. */
export function fitOf(graph: Graph, file: Pick<WeightsFile, 'tensors'>): Fit {
  const reading = bestReading(graph, file);
  const [head, stem] = [headOf(graph), stemOf(graph)];
  const [suited, misfits] = [new Map<string, NamedTensor>(), new Map<string, Misfit>()];
  for (const name of parameterNames(graph)) {
    const [given, shape] = [reading.tensors.get(name), shapeOf(graph, name)];
    const misfit = misfitOf(given, shape, name === stem?.weight);
    if (misfit) misfits.set(name, misfit);
    else if (given) suited.set(name, given);
  }
  const shares = sharesOf(graph, file, { reading, head, suited });
  return { reading, head, suited, misfits, unused: unusedOf(file, reading, suited, head), ...shares };
}

function misfitOf(given: NamedTensor | undefined, shape: readonly number[], stem: boolean): Misfit | undefined {
  if (!given) return 'missing';
  if (!FLOATS.has(given.tensor.dtype)) return 'kind';
  return suits(given.tensor.dims, shape) || (stem && isGreyOf(given.tensor.dims, shape)) ? undefined : 'shape';
}

const FLOATS: ReadonlySet<string> = new Set(['float32', 'float64', 'float16', 'bfloat16']);

/** Equal shapes, where sizes of 1 at the end don't count: a linear layer may be stored as a convolution of 1 x 1. */
function suits(dims: readonly number[], shape: readonly number[]): boolean {
  const longest = Math.max(dims.length, shape.length);
  return Array.from({ length: longest }, (_, axis) => (dims[axis] ?? 1) === (shape[axis] ?? 1)).every(Boolean);
}

/** A first convolution for colours, where the network sees grey. */
export function isGreyOf(dims: readonly number[], shape: readonly number[]): boolean {
  return dims[1] === 3 && shape[1] === 1 && suits(dims.with(1, 1), shape);
}

export function shapeOf(graph: Graph, name: string): number[] {
  return (graph.parameters.get(name)?.value.shape ?? []).map(Number);
}

function sharesOf(
  graph: Graph,
  file: Pick<WeightsFile, 'tensors'>,
  { reading, head, suited }: Pick<Fit, 'reading' | 'head' | 'suited'>,
): Pick<Fit, 'found' | 'used'> {
  const body = parameterNames(graph).filter((name) => !head.has(name));
  const taken = body.filter((name) => suited.has(name)).map((name) => elementCount(shapeOf(graph, name)));
  const wanted = body.map((name) => elementCount(shapeOf(graph, name)));
  const heads = new Set([...head].map((name) => reading.tensors.get(name)));
  const offered = offeredBy(file).filter((each) => ![...heads].some((other) => other?.name === each.name));
  const used = [...suited].filter(([name]) => !head.has(name)).map(([, { tensor }]) => tensor.data.length);
  return {
    found: share(taken, wanted),
    used: share(
      used,
      offered.map(({ tensor }) => tensor.data.length),
    ),
  };
}

/** Tensors that no parameter takes; those of a head that is drawn anew are told of there. */
function unusedOf(
  file: Pick<WeightsFile, 'tensors'>,
  reading: Reading,
  suited: Fit['suited'],
  head: Fit['head'],
): NamedTensor[] {
  const told = [...head].flatMap((name) => reading.tensors.get(name)?.name ?? []);
  const taken = new Set([...[...suited.values()].map(({ name }) => name), ...told]);
  return offeredBy(file).filter(({ name }) => !taken.has(name));
}

function share(part: readonly number[], whole: readonly number[]): number {
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  return sum(part) / Math.max(1, sum(whole));
}
