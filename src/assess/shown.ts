import type { Assessment } from '../store/assessment.js';
import type { Findings } from './findings.js';

/** Pictures of one list at most, and of all together. */
const MOST_LISTED = { worst: 24, labelErrors: 24, uncertain: 16, ofPair: 4 } as const;
const MOST_PICTURES = 72;

/** The lists of an assessment, whose pictures are told by their index in `images`, and the images that are shown. */
export interface Shown
  extends Pick<Assessment, 'worst' | 'uncertain' | 'labelErrors' | 'labelErrorCount' | 'confused'> {
  /** By their index in the answers. */
  readonly images: readonly number[];
}

/** Chooses the images that are shown, so many that a page with them stays small. The networks are so many. */
export function chooseShown(findings: Findings, networks: number): Shown {
  const places = new Map<number, number>();
  const show = (image: number) => {
    const place = places.get(image) ?? places.size;
    if (place >= MOST_PICTURES) return undefined;
    places.set(image, place);
    return place;
  };
  const list = (images: readonly number[], most: number) => images.slice(0, most).flatMap((image) => show(image) ?? []);
  const worst = list(findings.worst, MOST_LISTED.worst);
  const labelErrors = findings.labelErrors.slice(0, MOST_LISTED.labelErrors).flatMap(({ image, ...error }) => {
    const picture = show(image);
    return picture === undefined ? [] : [{ picture, ...error, agreeing: networks }];
  });
  const uncertain = list(findings.uncertain, MOST_LISTED.uncertain);
  const confused = findings.confused.map(({ images, ...pair }) => {
    // Those that are shown anyway take no place
    const [known, others] = [images.filter((i) => places.has(i)), images.filter((i) => !places.has(i))];
    return { ...pair, pictures: list([...known, ...others], MOST_LISTED.ofPair) };
  });
  return {
    worst,
    labelErrors,
    labelErrorCount: findings.labelErrors.length,
    uncertain,
    confused: confused.filter(({ pictures }) => pictures.length > 0),
    images: [...places.keys()],
  };
}
