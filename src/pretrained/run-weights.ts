import { isDeepStrictEqual } from 'node:util';
import { ACCUMULATED } from '../distill/accumulation.js';
import { AVERAGE, NETWORK_STATES } from '../distill/names.js';
import { networkPrefix } from '../distill/step.js';
import { planNetwork } from '../nets/registry.js';
import type { Tensor } from '../onnx/tensor.js';
import { createOptimizer } from '../optim/optimizer.js';
import type { Settings } from '../settings/settings.js';
import { bestOf } from '../store/best-network.js';
import { type Checkpoint, readCheckpoint, TRIAL_PREFIX, tensorsWithoutTrial } from '../store/checkpoint.js';
import { bestEpochOf } from '../store/checkpoint-check.js';
import { runPaths } from '../store/run-folder.js';
import { preprocessingOf } from '../weights/files/onnx-config.js';
import type { WeightsFile } from '../weights/files/weights-file.js';

type Net = Settings['nets'][number];

/** Tensors of a checkpoint without the optimizer's state and what an open trial keeps. */
export function withoutOptimizer(
  tensors: ReadonlyMap<string, Tensor>,
  optimizer: Settings['optimizer'],
): ReadonlyMap<string, Tensor> {
  const states = [...createOptimizer(optimizer).states, ACCUMULATED, AVERAGE, ...NETWORK_STATES];
  const isKept = (name: string) =>
    !name.startsWith(TRIAL_PREFIX) && !states.some((state) => name.endsWith(`.${state}`));
  return new Map([...tensors].filter(([name]) => isKept(name)));
}

/** The weights of a run for a network: at its best epoch those of the same network, the best of several; else those of its winner. */
export async function readRunWeights(folder: string, network: Net): Promise<WeightsFile> {
  const { best: path } = runPaths(folder);
  const checkpoint = await readCheckpoint(path);
  const index = chooseNetwork(path, checkpoint, network);
  const prefix = networkPrefix(index);
  const kept = withoutOptimizer(tensorsWithoutTrial(checkpoint), checkpoint.settings.optimizer);
  const own = [...kept].filter(([name]) => name.startsWith(prefix));
  const { classes, preprocessing, settings } = checkpoint;
  const name = nameOf(settings.nets[index]);
  const config = {
    where: folder,
    ...(name !== undefined && { network: name }),
    classes: classes.length,
    classNames: classes,
    preprocessing: preprocessingOf(preprocessing),
  };
  return {
    where: folder,
    format: 'run',
    tensors: new Map(own.map(([key, value]) => [key.slice(prefix.length), value])),
    notes: [
      `They are those of its network ${index}${name === undefined ? '' : ` (${name})`} after epoch ${bestEpochOf(path, checkpoint).epoch + 1}.`,
    ],
    config,
  };
}

function chooseNetwork(path: string, checkpoint: Checkpoint, wanted: Net): number {
  const { network: winner, validation } = bestEpochOf(path, checkpoint);
  const { nets } = checkpoint.settings;
  const same = nets.flatMap((net, i) => (isSame(net, wanted) ? [i] : []));
  if (same.length === 0 || same.includes(winner)) return winner;
  const measured = same.flatMap((i) => validation?.[i] ?? []);
  return same[measured.length === same.length ? bestOf(measured) : 0] ?? winner;
}

function isSame(one: Net, other: Net): boolean {
  return isDeepStrictEqual(one, other) || (nameOf(one) !== undefined && nameOf(one) === nameOf(other));
}

/** The name of a network of the zoo; undefined for specifications and networks of artifacts. */
function nameOf(net: Net | undefined): string | undefined {
  if (typeof net !== 'string') return undefined;
  try {
    return planNetwork(net).name;
  } catch {
    return undefined;
  }
}
