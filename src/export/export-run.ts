import { join } from 'node:path';
import { networkPrefix } from '../distill/step.js';
import type { Graph } from '../graph/graph.js';
import { encodeModel } from '../onnx/file.js';
import { type Tensor, tensor } from '../onnx/tensor.js';
import { CPU } from '../runtime/device.js';
import { Predictor } from '../runtime/predictor.js';
import { ONNXRUNTIME_VERSION } from '../runtime/version.js';
import { type Checkpoint, readCheckpoint } from '../train/checkpoint.js';
import type { NetworkInfo } from '../train/events.js';
import { createGroup, type Group } from '../train/group.js';
import { runPaths } from '../train/run-folder.js';
import { fail, present } from '../util/error.js';
import { writeFileWhole } from '../util/files.js';
import { stream } from '../util/random.js';
import { AGON_VERSION } from '../util/version.js';
import { runExported } from './exported-model.js';
import { inferenceModel, type ModelMetadata } from './inference-model.js';

export interface ExportOptions {
  readonly checkpoint: 'best' | 'last';
  /** Index or name of a network; the one that validated best when left out. */
  readonly network?: string | undefined;
  /** The file to write; in the run's folder `winner.onnx`, or for all else `<network>-<index>[-last].onnx`, when left out. */
  readonly out?: string | undefined;
  /** The network's accuracy on the test split, for the metadata. */
  readonly testAccuracy?: number | undefined;
}

export interface Exported {
  readonly path: string;
  readonly network: NetworkInfo;
  /** Largest difference between the exported model's logits in a fresh session and the trainer's. */
  readonly parity: number;
  readonly bytes: number;
}

/** Largest difference allowed, as a share of the largest logit: what fusing BatchNormalization into Conv may cost. */
const PARITY = 1e-3;
const PARITY_IMAGES = 8;

/**
 * Writes a network of a run as an inference model, after checking it: the encoded bytes run through a fresh session, and
 * their logits must be the trainer's. Nothing is written when they aren't.
 */
export async function exportRun(folder: string, options: ExportOptions): Promise<Exported> {
  const paths = runPaths(folder);
  const checkpoint = await readCheckpoint(paths[options.checkpoint]);
  const { preprocessing, classes } = checkpoint;
  const group = createGroup(checkpoint.settings, { classes, channels: preprocessing.channels }, preprocessing);
  const winner = checkpoint.best?.network ?? 0;
  const network =
    options.network === undefined
      ? present(group.networks[winner], 'the winner')
      : chooseNetwork(group, options.network);
  const graph = present(group.graphs[network.index], 'its graph');
  const bytes = encodeModel(
    inferenceModel(graph, network.index, checkpoint.tensors, describe(checkpoint, network, options)),
  );
  const parity = await checkParity(graph, network, checkpoint, bytes);
  const isWinner = options.checkpoint === 'best' && network.index === winner;
  const name = `${network.name}-${network.index}${options.checkpoint === 'last' ? '-last' : ''}.onnx`;
  const path = options.out ?? (isWinner ? paths.winner : join(folder, name));
  await writeFileWhole(path, bytes);
  return { path, network, parity, bytes: bytes.length };
}

function chooseNetwork({ networks }: Group, wanted: string): NetworkInfo {
  const matches = networks.filter(({ index, name }) => String(index) === wanted || name === wanted);
  if (matches.length === 1) return matches[0] as NetworkInfo;
  const list = networks.map(({ index, name }) => `${index} (${name})`).join(', ');
  return fail('export', `network "${wanted}"`, {
    expected: `one of ${list}`,
    got: matches.length === 0 ? 'none of them' : 'more than one of that name',
    hint: 'Give its index',
  });
}

function describe(
  checkpoint: Checkpoint,
  network: NetworkInfo,
  { testAccuracy, checkpoint: which }: ExportOptions,
): ModelMetadata {
  const { settings, best, classes, preprocessing, position } = checkpoint;
  const validation = best?.validation[network.index];
  return {
    labels: classes,
    preprocessing,
    agon: {
      version: AGON_VERSION,
      onnxruntime: ONNXRUNTIME_VERSION,
      network: network.name,
      networkIndex: network.index,
      checkpoint: which,
      epochs: which === 'best' && best ? best.epoch + 1 : position.epoch,
      ...(which === 'best' && validation && { validationAccuracy: validation.accuracy }),
      ...(testAccuracy !== undefined && { testAccuracy }),
      settings,
    },
  };
}

async function checkParity(
  graph: Graph,
  network: NetworkInfo,
  { tensors, preprocessing }: Checkpoint,
  model: Uint8Array,
): Promise<number> {
  const { channels, height, width } = preprocessing;
  const random = stream(0, 'parity');
  const pixels = Float32Array.from({ length: PARITY_IMAGES * channels * height * width }, () => random.normal());
  const images = tensor('float32', [PARITY_IMAGES, channels, height, width], pixels);
  const predictor = await Predictor.open(graph, { device: CPU });
  try {
    predictor.load((name) => present(tensors.get(networkPrefix(network.index) + name), name));
    return compareLogits(network.name, await predictor.logits(images), await runExported(model, images));
  } finally {
    await predictor.close();
  }
}

function compareLogits(name: string, expected: Tensor, got: Tensor): number {
  const [a, b] = [expected.data as Float32Array, got.data as Float32Array];
  const difference = a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] ?? Number.NaN))), 0);
  const size = a.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  if (!(difference <= PARITY * size + 1e-5)) {
    fail(`export of ${name}`, 'the exported model disagrees with the trainer', {
      expected: `logits within ${PARITY} of the largest, ${size}`,
      got: `a difference of ${difference}`,
    });
  }
  return difference;
}
