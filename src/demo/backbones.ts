import type { Environment } from '../hub/environment.js';
import type { FetchOptions } from '../hub/fetched.js';
import { encodeSafetensors } from '../onnx/safetensors.js';
import { weightsAtHand } from '../pretrained/at-hand.js';
import { type OpenedWeights, openWeights } from '../pretrained/open.js';
import { withoutPlaces } from '../pretrained/provenance.js';
import { fail } from '../util/error.js';
import { closestNetwork } from '../weights/closest.js';
import { type Backbone, WEIGHTS_PATH } from './content/description.js';

/** Networks that train in a page, in the order of preference: the smaller a network, the sooner a browser is through with it. */
const SUITED = ['mobilenet_v2', 'mobilenet_v3_small', 'resnet18', 'mobilenet_v3_large'];
/** Two compete. */
const MOST = 2;
/** A file of which a network takes less is not for it. */
const FITTING = 0.9;

/** A network with its weights: what the page is told, and the file that it gets. */
export interface ServedBackbone {
  readonly told: Backbone;
  readonly content: Buffer;
}

/** The first networks for pages that have weights in a cache of this machine. Asks no server. */
export async function backbonesAtHand(env: Environment): Promise<ServedBackbone[]> {
  const found: ServedBackbone[] = [];
  for (const network of SUITED) {
    const weights = await weightsAtHand(network, env);
    if (!weights) continue;
    found.push(serve(network, await openWeights(weights.name, network, { env }), found.length));
    if (found.length === MOST) break;
  }
  return found;
}

/** The network that weights are of which the user names, as `--pretrained` of `agon train` takes them; fetched where that is needed. */
export async function namedBackbone(item: string, options: FetchOptions): Promise<ServedBackbone> {
  const file = await openWeights(item, SUITED[0] as string, options);
  const known = file.config?.network ?? file.entry?.network;
  const network = known !== undefined && SUITED.includes(known) ? known : networkOf(file);
  return serve(network, file, 0);
}

function networkOf(file: OpenedWeights): string {
  const { network, share } = closestNetwork(file, SUITED);
  if (share >= FITTING) return network;
  return fail(file.where, 'its weights are those of no network that trains in a page', {
    expected: SUITED.join(', '),
    got: `${Math.floor(100 * share)} % of ${network}`,
    hint: 'Leave --pretrained out: the page then trains small networks from the beginning',
  });
}

function serve(network: string, file: OpenedWeights, index: number): ServedBackbone {
  const content = Buffer.from(encodeSafetensors(file.tensors));
  const preprocessing = file.config?.preprocessing;
  const weights = withoutPlaces(file.provenance).name;
  const told = { network, weights, file: `${WEIGHTS_PATH}${index}.safetensors`, bytes: content.length };
  return { told: { ...told, ...(preprocessing && { preprocessing }) }, content };
}
