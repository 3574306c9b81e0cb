import type { Pixels } from '../data/dataset/dataset.js';
import { heatMapOf } from '../data/pictures/heat-map.js';
import { thumbnailOf } from '../data/pictures/thumbnail.js';
import type { AssessedPicture } from '../store/assessment.js';
import { at } from '../util/checked.js';
import { toProbabilities } from '../util/maths/probabilities.js';
import type { MapOf } from './activation-maps.js';
import { type Answers, labelsOf, logitsOf } from './answers.js';
import type { Subject } from './subjects.js';

/** Classes that are named of each answer. */
const TOP = 5;
/** Longer sides of the thumbnails in pixels: the largest with which all of them stay below so many characters. */
const SIDES = [160, 128, 96, 64] as const;
const MOST_CHARACTERS = 560_000;

/** An image that is shown. */
export interface ShownImage {
  /** Its index in the answers. */
  readonly image: number;
  readonly name: string;
  /** As a network sees it, before the normalisation. */
  readonly pixels: Pixels;
}

/** The pictures of an assessment; `maps` are those of the networks, with the pictures in the same order. */
export async function picturesOf(
  answers: Answers,
  subjects: readonly Subject[],
  images: readonly ShownImage[],
  maps: readonly (MapOf | undefined)[],
): Promise<AssessedPicture[]> {
  const thumbnails = await thumbnailsOf(images.map(({ pixels }) => pixels));
  const pictures: AssessedPicture[] = [];
  for (const [i, { image, name }] of images.entries()) {
    const given: AssessedPicture['answers'] = [];
    for (const { network, logits } of subjects) {
      const top = mostProbable(toProbabilities(logitsOf(answers, logits, image), answers.task));
      const map = network === undefined ? undefined : maps[network]?.(i, at(top, 0).class);
      given.push({ top, ...(map && { map: await heatMapOf(map.values, map) }) });
    }
    pictures.push({ name, labels: labelsOf(answers, image), thumbnail: at(thumbnails, i), answers: given });
  }
  return pictures;
}

/** The most probable classes, of equals the first. */
function mostProbable(probabilities: Float64Array): AssessedPicture['answers'][number]['top'] {
  const order = [...probabilities.keys()].sort((a, b) => at(probabilities, b) - at(probabilities, a) || a - b);
  return order.slice(0, TOP).map((c) => ({ class: c, probability: rounded(at(probabilities, c)) }));
}

/** To a millionth: what a page shows of it is less. */
function rounded(probability: number): number {
  return Math.round(probability * 1e6) / 1e6;
}

async function thumbnailsOf(pictures: readonly Pixels[]): Promise<string[]> {
  let made: string[] = [];
  for (const side of SIDES) {
    made = await Promise.all(pictures.map((pixels) => thumbnailOf(pixels, side)));
    if (made.reduce((sum, { length }) => sum + length, 0) <= MOST_CHARACTERS) break;
  }
  return made;
}
