import type { ModelProto } from '../onnx/model.js';
import { withoutEscapes } from './python-text.js';

/**
 * Class names in the metadata `names` that Ultralytics and programs after its example write: a dictionary from index to name, as
 * Python or JSON spells it. Undefined where there is none, or one that isn't of 0 to n - 1. A name may be there twice, as `crane` is in ImageNet.
 */
export function namesOf({ metadataProps = [] }: Pick<ModelProto, 'metadataProps'>): string[] | undefined {
  const text = metadataProps.find(({ key }) => key === 'names')?.value;
  if (!text?.trim().startsWith('{')) return undefined;
  const entries = [...text.matchAll(ENTRY)].map(([, index, single, double]) => {
    return [Number(index), withoutEscapes(single ?? double ?? '')] as const;
  });
  return listOf(entries);
}

/** `0: 'tench'`, `0: "tench"` or `"0": "tench"`. */
const ENTRY = /["']?(\d+)["']?\s*:\s*(?:'((?:[^'\\]|\\[\s\S])*)'|"((?:[^"\\]|\\[\s\S])*)")/g;

/** The names of the indices 0 to n - 1; undefined where one is missing. */
export function listOf(entries: readonly (readonly [number, string])[]): string[] | undefined {
  const byIndex = new Map(entries);
  const names = Array.from({ length: byIndex.size }, (_, i) => byIndex.get(i));
  const known = names.flatMap((name) => (name === undefined ? [] : [name]));
  return known.length > 0 && known.length === names.length ? known : undefined;
}

/** Whether a model is one of Ultralytics' classifiers, whose images are red, green and blue in [0, 1]. */
export function isUltralytics({ metadataProps = [] }: Pick<ModelProto, 'metadataProps'>): boolean {
  const texts = new Map(metadataProps.map(({ key, value }) => [key, value]));
  return texts.get('author') === 'Ultralytics' && texts.get('task') === 'classify';
}
