import type { DuplicateGroup } from './duplicates.js';
import type { Finding, FindingItem, FoundImage } from './finding.js';
import type { ImageFacts } from './image-facts.js';

/** Copies with several labels; copies in several splits; other copies. A group that is the first two is in both. */
export function duplicateFindings(
  groups: readonly DuplicateGroup[],
  name: (image: ImageFacts) => FoundImage,
): (Finding | undefined)[] {
  const items = groups.map(({ images, distance }) => ({
    what: describe(images.length, distance),
    images: images.map(name),
    distance,
  }));
  items.sort((a, b) => (a.distance ?? -1) - (b.distance ?? -1) || b.images.length - a.images.length);
  const several = (of: 'split' | 'class') => (item: FindingItem) =>
    new Set(item.images.map((image) => image[of])).size > 1;
  const [labels, leaks] = [items.filter(several('class')), items.filter(several('split'))];
  const others = items.filter((item) => !labels.includes(item) && !leaks.includes(item));
  const copies = others.reduce((sum, { images }) => sum + images.length - 1, 0);
  return [
    finding(
      'two-labels',
      labels,
      `${count(labels.length, 'picture')} with several labels: at most one of them is right`,
    ),
    finding(
      'leakage',
      leaks,
      `${count(leaked(leaks), 'image')} of other splits ${leaked(leaks) === 1 ? 'is' : 'are'} in training too: what is measured on them looks too good`,
    ),
    finding('duplicate', others, `${count(copies, 'copy', 'copies')} of images of the same split and class`),
  ];
}

function describe(images: number, distance: number | undefined): string {
  return distance === undefined ? `${images} equal files` : `${images} that look alike (${distance} of 64 bits differ)`;
}

function finding(
  kind: Finding['kind'],
  items: readonly (FindingItem & { readonly distance: number | undefined })[],
  summary: string,
): Finding | undefined {
  if (items.length === 0) return undefined;
  return { kind, summary, items: items.map(({ what, images }) => ({ what, images })) };
}

/** Images of validation and test that are in training too; where none is, those of test that are in validation. */
function leaked(items: readonly FindingItem[]): number {
  return items.reduce((sum, { images }) => {
    const first = images.some(({ split }) => split === 'train') ? 'train' : 'validation';
    return sum + images.filter(({ split }) => split !== first).length;
  }, 0);
}

/** `1 image`, `3 images`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
