import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fail } from '../util/error.js';

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

const HUB = 'https://huggingface.co';

/** The address of the hub: `HF_ENDPOINT`, without slashes at its end. */
export function endpointOf({ HF_ENDPOINT: given }: Environment): string {
  if (!given) return HUB;
  if (!URL.canParse(given) || !/^https?:/.test(given))
    fail('HF_ENDPOINT', 'is no address', { expected: `one like ${HUB}`, got: given });
  return given.replace(/\/+$/, '');
}

/** The hosts whose addresses mean the hub. */
export function isHubHost(host: string, env: Environment): boolean {
  return ['huggingface.co', 'hf.co', new URL(endpointOf(env)).host].includes(host);
}

/** Whether nothing may be fetched: `HF_HUB_OFFLINE`, as Hugging Face's own programs read it. */
export function isOffline({ HF_HUB_OFFLINE: given = '' }: Environment): boolean {
  return ['1', 'ON', 'YES', 'TRUE'].includes(given.toUpperCase());
}

/** Where the hub's files are kept, by all programs that use it: `HF_HUB_CACHE`, else `HF_HOME/hub`, else `~/.cache/huggingface/hub`. */
export function hubCache(env: Environment): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME } = env;
  const named = HF_HUB_CACHE || HUGGINGFACE_HUB_CACHE;
  return expanded(named || join(HF_HOME || join(cacheHome(env), 'huggingface'), 'hub'));
}

/** Where PyTorch keeps files that its hub fetched: `TORCH_HOME/hub/checkpoints`, else that of `~/.cache/torch`. */
export function torchCache(env: Environment): string {
  return expanded(join(env.TORCH_HOME || join(cacheHome(env), 'torch'), 'hub', 'checkpoints'));
}

/** Where files from other addresses are kept. */
export function ownCache(env: Environment): string {
  return join(cacheHome(env), 'agon', 'weights');
}

/** A relative `XDG_CACHE_HOME` doesn't count, as its specification has it. */
function cacheHome({ XDG_CACHE_HOME: named = '' }: Environment): string {
  return isAbsolute(named) ? named : join(homedir(), '.cache');
}

function expanded(path: string): string {
  return path.replace(/^~(?=$|[\\/])/, homedir());
}
