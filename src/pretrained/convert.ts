import type { FetchOptions } from '../hub/fetched.js';
import { createNetwork, planNetwork } from '../nets/registry.js';
import { encodeSafetensors } from '../onnx/safetensors.js';
import { fail } from '../util/error.js';
import { writeFileWhole } from '../util/files/files.js';
import { formatList } from '../util/format-list.js';
import { closestNetwork } from '../weights/closest.js';
import { takeWeights } from '../weights/take-weights.js';
import { toTimm } from '../weights/to-timm.js';
import { type OpenedWeights, openWeights } from './open.js';

export interface ConvertOptions extends FetchOptions {
  readonly out: string;
  readonly names?: 'torchvision' | 'timm';
  /** The network that the weights are of; the one that fits best when left out. */
  readonly network?: string;
}

/** What was written. */
export interface Converted {
  readonly path: string;
  readonly network: string;
  readonly names: 'torchvision' | 'timm';
  readonly tensors: number;
  readonly classes: number;
  readonly bytes: number;
  /** Full sentences. */
  readonly notes: readonly string[];
}

/** What a network must have of the file to be named without being asked for. */
const LEAST = 0.9;

/** Writes weights of any readable kind as a safetensors file under torchvision's or timm's names, whole: also the head. */
export async function convertWeights(item: string, options: ConvertOptions): Promise<Converted> {
  const { out, names = 'torchvision' } = options;
  if (item === 'auto' && options.network === undefined)
    fail('weights', 'auto needs --network', { hint: 'Say which network: --network resnet18' });
  const file = await openWeights(item, options.network ?? 'resnet18', options);
  const network = planNetwork(options.network ?? file.config?.network ?? networkOf(file)).name;
  const { graph, taken } = takeWhole(file, network);
  const values = names === 'timm' ? toTimm(graph, taken.values) : taken.values;
  // As PyTorch's own writers mark theirs: some readers ask for it
  const bytes = encodeSafetensors(values, { format: 'pt' });
  await writeFileWhole(out, bytes);
  const classes = graph.outputs.get('logits')?.shape[1];
  return {
    path: out,
    network,
    names,
    tensors: values.size,
    classes: Number(classes),
    bytes: bytes.length,
    notes: [...taken.notes, ...preprocessingNote(file)],
  };
}

function networkOf(file: OpenedWeights): string {
  const { network, share } = closestNetwork(file);
  if (share >= LEAST) return network;
  return fail(file.where, 'its weights are those of no network of the zoo', {
    expected: `one that has ${LEAST * 100} % of them`,
    got: `${network}, which has ${Math.floor(share * 100)} %`,
    hint: 'agon nets lists them',
  });
}

/** All of the network's values: with the file's own number of classes and channels. */
function takeWhole(file: OpenedWeights, network: string) {
  const first = takeFor(file, network, planNetwork(network).usualInput.classes);
  const head = first.taken.drawnAnew.find((each) => each.head && each.why === 'shape');
  const whole = head ? takeFor(file, network, head.given?.[0] ?? 1) : first;
  const missing = whole.taken.drawnAnew.map(({ name }) => name);
  if (missing.length === 0) return whole;
  return fail(file.where, `lacks tensors of ${network}`, { expected: 'all', got: `none for ${formatList(missing)}` });
}

function takeFor(file: OpenedWeights, network: string, classes: number) {
  const { size } = planNetwork(network).usualInput;
  const take = (channels: number) => {
    const graph = createNetwork(network, { classes, channels, height: size, width: size });
    return { graph, taken: takeWeights(graph, file) };
  };
  const grey = [...file.tensors.values()].find(({ dims }) => dims.length === 4)?.dims[1] === 1;
  return take(grey ? 1 : 3);
}

/** The file alone doesn't say how images are prepared. */
function preprocessingNote({ config }: OpenedWeights): string[] {
  if (!config?.preprocessing) return [];
  const { mean, std } = config.preprocessing;
  return [
    `Images were normalised by mean ${mean.join(', ')}, std ${std.join(', ')} (${config.where}): the file itself doesn't say it.`,
  ];
}
