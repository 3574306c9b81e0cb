import { fail } from '../util/error.js';
import { CATALOGUE, type CatalogueEntry } from './catalogue.js';

/** Where `--pretrained` says that weights are. */
export type WeightsSource =
  /** The catalogue's first ones for the network. */
  | { readonly kind: 'auto' }
  | { readonly kind: 'catalogue'; readonly entry: CatalogueEntry }
  /** A repository on the hub, and the file in it where that is named. */
  | { readonly kind: 'hub'; readonly repository: string; readonly revision: string; readonly file?: string }
  | { readonly kind: 'url'; readonly url: string }
  /** A file of weights, a model, or the folder of a run. */
  | { readonly kind: 'path'; readonly path: string };

const HUB = /^(?:hf|hf-hub|hf_hub):(?:\/\/)?/;
const HUB_PAGE = /^https?:\/\/(?:www\.)?(?:huggingface\.co|hf\.co)\//;
const ADDRESS = /^https?:\/\//i;
const REPOSITORY = /^([\w.-]+\/[\w.-]+)(?:@([\w.-]+))?(?:\/(.+))?$/;

/**
 * What one item of `--pretrained` means: `auto`; a name of the catalogue; `hf:owner/name`, also with `@revision` and `/file`, or the address of
 * its page or of a file on it; any other address; else a path. `./auto` is a path too.
 */
export function parseSource(text: string): WeightsSource {
  if (text === 'auto') return { kind: 'auto' };
  const entry = CATALOGUE.find(({ name }) => name === text);
  if (entry) return { kind: 'catalogue', entry };
  if (HUB.test(text)) return hubSource(text.replace(HUB, '')) ?? failHub(text);
  if (!ADDRESS.test(text)) return { kind: 'path', path: text };
  if (!URL.canParse(text)) fail('pretrained', 'is no address', { got: JSON.stringify(text) });
  return (HUB_PAGE.test(text) && hubPage(text)) || { kind: 'url', url: text };
}

/** Whether an item is the path of a file or a folder. */
export function isPath(text: string): boolean {
  const isNamed = text === 'auto' || CATALOGUE.some(({ name }) => name === text);
  return !isNamed && !HUB.test(text) && !ADDRESS.test(text);
}

function failHub(text: string): never {
  fail('pretrained', 'names no repository', {
    expected: 'hf:owner/name, hf:owner/name@revision or hf:owner/name/file',
    got: JSON.stringify(text),
  });
}

function hubSource(text: string): WeightsSource | undefined {
  const [, repository, revision = 'main', file] = REPOSITORY.exec(text) ?? [];
  const isOutside = [...(repository?.split('/') ?? []), ...(file?.split(/[\\/]/) ?? [])].some((part) =>
    /^\.*$/.test(part),
  );
  if (repository === undefined || isOutside || /^\.+$/.test(revision)) return undefined;
  return { kind: 'hub', repository, revision, ...(file !== undefined && { file }) };
}

/** `https://huggingface.co/owner/name`, `.../tree/main`, `.../resolve/main/model.safetensors`, `.../blob/main/model.safetensors`. */
function hubPage(text: string): WeightsSource | undefined {
  const [owner = '', name = '', kind = '', revision = 'main', ...rest] = new URL(text).pathname.slice(1).split('/');
  const isKnown =
    ['', 'resolve', 'blob', 'tree'].includes(kind) && (kind === 'tree') === (rest.length === 0 && kind !== '');
  const file = rest.length > 0 ? `/${rest.join('/')}` : '';
  return isKnown ? hubSource(`${owner}/${name}@${revision}${file}`) : undefined;
}
