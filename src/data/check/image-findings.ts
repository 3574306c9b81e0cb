import { count } from './duplicate-findings.js';
import type { Finding, FindingKind, FoundImage } from './finding.js';
import type { ImageFacts } from './image-facts.js';

/** A shorter side below this many pixels is tiny; more pixels than that are huge; a longer side of more than so many shorter ones is long. */
const TINY = 32;
const HUGE = 25e6;
const LONG = 4;

/** Single images that are odd: by their size, by having no content or no colour, by their name. */
export function imageFindings(
  images: readonly ImageFacts[],
  name: (image: ImageFacts) => FoundImage,
): (Finding | undefined)[] {
  const list = (
    kind: FindingKind,
    chosen: readonly ImageFacts[],
    what: (image: ImageFacts) => string,
    means: (n: number) => string,
  ) =>
    chosen.length === 0
      ? undefined
      : {
          kind,
          summary: means(chosen.length),
          items: chosen.map((image) => ({ what: what(image), images: [name(image)] })),
        };
  const [tiny, huge] = [images.filter((each) => shorter(each) < TINY), images.filter((each) => pixels(each) > HUGE)];
  const long = images.filter((each) => aspect(each) > LONG);
  const hueless = images.filter(({ grey }) => grey);
  const rare = 2 * hueless.length <= images.length ? hueless : images.filter(({ grey }) => !grey);
  const [rareKind, usual] = rare === hueless ? ['grey', 'colour'] : ['coloured', 'grey'];
  return [
    list(
      'constant',
      images.filter(({ hash }) => !hash),
      sizeOf,
      (n) => `${count(n, 'image')} nearly of one colour: nothing to learn from`,
    ),
    list(
      'tiny',
      tiny.sort((a, b) => shorter(a) - shorter(b)),
      sizeOf,
      (n) => `${count(n, 'image')} with a side below ${TINY} pixels`,
    ),
    list(
      'huge',
      huge.sort((a, b) => pixels(b) - pixels(a)),
      sizeOf,
      (n) => `${count(n, 'image')} of more than ${HUGE / 1e6} million pixels, slow to decode`,
    ),
    list(
      'elongated',
      long.sort((a, b) => aspect(b) - aspect(a)),
      sizeOf,
      (n) => `${count(n, 'image')} with one side more than ${LONG} times the other, most of which is cut off`,
    ),
    list(
      'grey',
      rare,
      () => `${rareKind}`,
      (n) => `${count(n, `${rareKind} image`)} among ${usual} ones: if classes differ in it, that is what is learned`,
    ),
    list(
      'misnamed',
      images.filter(({ misnamed }) => misnamed),
      ({ misnamed }) => `it is ${misnamed}`,
      (n) => `${count(n, 'image')} of another type than the name says, read all the same`,
    ),
  ];
}

const shorter = ({ size }: ImageFacts) => Math.min(size.height, size.width);
const pixels = ({ size }: ImageFacts) => size.height * size.width;
const aspect = ({ size }: ImageFacts) =>
  Math.max(size.height, size.width) / Math.max(1, Math.min(size.height, size.width));
const sizeOf = ({ size }: ImageFacts) => `${size.width}x${size.height} pixels`;
