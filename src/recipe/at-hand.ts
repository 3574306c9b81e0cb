import { existsSync } from 'node:fs';
import { isModelFile } from '../nets/model-file.js';
import { weightsAtHand } from '../pretrained/at-hand.js';
import type { Settings } from '../settings/settings.js';
import { readRunSettings, runPaths } from '../store/run-folder.js';
import { closestNetwork } from '../weights/closest.js';
import { readWeightsFile } from '../weights/files/weights-file.js';
import { parseSource } from '../weights/source.js';
import type { AtHand, Chosen } from './recipe.js';

/** Networks for photographs: of those that have weights at hand the first one is taken. */
const PREFERRED = ['mobilenet_v2', 'resnet18', 'mobilenet_v3_large', 'resnet34', 'resnet50', 'mobilenet_v3_small'];

const AUTO = { pretrained: ['auto'] } as const;

/** A file whose weights a network takes less of is not for it. */
const FITTING = 0.9;

/**
 * The networks that weights are at hand for: those that the user names, if all have weights in a cache; that which the weights are for that
 * the user names; else the first one that has weights in a cache. Undefined where there are none, or none are wanted (`pretrained` null).
 */
export async function networksAtHand({ nets, pretrained }: Chosen): Promise<AtHand | undefined> {
  if (pretrained === null) return undefined;
  if (nets) return namedNetworks(nets, pretrained);
  if (pretrained) {
    const network = await networkFor(pretrained[0] ?? 'auto');
    return network === undefined ? undefined : { networks: [network], why: 'the network that the weights are for' };
  }
  for (const network of PREFERRED) {
    if (await weightsAtHand(network)) return { ...AUTO, networks: [network], why: 'its weights are on this machine' };
  }
  return undefined;
}

async function namedNetworks(nets: Settings['nets'], pretrained: Chosen['pretrained']): Promise<AtHand | undefined> {
  const names = nets.flatMap((net) => (typeof net === 'string' ? [net] : []));
  // Models begin with weights of their own
  if (nets.every(isModelFile)) return { networks: names, why: 'the model has weights' };
  if (names.length < nets.length || names.some(isModelFile)) return undefined;
  if (pretrained) return { networks: names, why: 'named with their weights' };
  for (const name of names) if (!(await weightsAtHand(name))) return undefined;
  return { ...AUTO, networks: names, why: 'their weights are on this machine' };
}

/** The network that an item of `--pretrained` is for, as far as that can be told without fetching anything. */
async function networkFor(item: string): Promise<string | undefined> {
  const source = parseSource(item);
  switch (source.kind) {
    case 'auto':
      return PREFERRED[0];
    case 'catalogue':
      return source.entry.network;
    case 'path':
      return networkIn(source.path);
    default:
      return undefined;
  }
}

async function networkIn(path: string): Promise<string | undefined> {
  try {
    if (existsSync(runPaths(path).config)) {
      const [net] = (await readRunSettings(path)).nets;
      return typeof net === 'string' ? net : undefined;
    }
    const { network, share } = closestNetwork(await readWeightsFile(path), PREFERRED);
    return share >= FITTING ? network : undefined;
  } catch {
    // The run says what is wrong with it
    return undefined;
  }
}
