import type { ContentDigests } from '../../data/dataset/content.js';
import type { Duplicates } from '../content/report-data.js';

/** Groups that are listed, and names of one. */
const [MOST_GROUPS, MOST_NAMES] = [20, 12];

/**
 * Equal files among the images of a run, by the digests that its folder records; undefined where those are of blocks of images. The
 * folders in a name tell its split and class: `train/dress/1.jpg`.
 */
export function duplicatesOf(content: ContentDigests): Duplicates | undefined {
  const names = [...content].filter(([name, digest]) => digest && name.includes('.'));
  if (names.length < content.size) return undefined;
  const groups = new Map<string, string[]>();
  for (const [name, digest] of names) groups.set(digest, [...(groups.get(digest) ?? []), name]);
  const equal = [...groups.values()].filter(({ length }) => length > 1);
  const differ = (of: (name: string) => string | undefined) => (group: readonly string[]) =>
    new Set(group.map(of)).size > 1;
  const inSplits = differ((name) => name.split('/').at(-3));
  const inClasses = differ((name) => name.split('/').at(-2));
  const weight = (group: readonly string[]) => (inClasses(group) ? 2 : 0) + (inSplits(group) ? 1 : 0);
  equal.sort((a, b) => weight(b) - weight(a) || b.length - a.length);
  return {
    groups: equal.length,
    severalSplits: equal.filter(inSplits).length,
    severalClasses: equal.filter(inClasses).length,
    shown: equal.slice(0, MOST_GROUPS).map((group) => group.slice(0, MOST_NAMES)),
  };
}
