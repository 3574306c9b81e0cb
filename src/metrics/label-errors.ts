import { at } from '../util/checked.js';
import { indexOfLargest } from './largest.js';

/** What a group of networks says of labelled images. */
export interface GroupAnswers {
  readonly images: number;
  /** The probabilities of an image, one list for each network: [classes]. */
  readonly probabilities: (image: number) => readonly ArrayLike<number>[];
}

/** An image whose label is probably wrong. */
export interface LabelError {
  readonly image: number;
  /** The class that it probably shows. */
  readonly suggested: number;
  /** The mean of the networks' probabilities of the suggested class, and of the label as it is. */
  readonly probability: number;
  readonly given: number;
}

/**
 * Images of one class each that are probably labelled wrongly, the likeliest first. It is confident learning (Northcutt et al. 2021) of a whole
 * group: an image is listed where the networks' mean probability of another class is at least that class's threshold, the mean
 * probability of the class among the images labelled with it (their self-confidence), and one half, and where that class is the most probable
 * for each of the networks. They are in the order of the difference between the two mean probabilities, the largest first.
 */
export function likelyLabelErrors(answers: GroupAnswers, labels: ArrayLike<number>): LabelError[] {
  const thresholds = selfConfidence(answers, (image) => [at(labels, image)]);
  return errorsIn(answers.images, (image) => {
    const [networks, label] = [answers.probabilities(image), at(labels, image)];
    const said = networks.map(indexOfLargest);
    const suggested = at(said, 0);
    if (suggested === label || said.some((other) => other !== suggested)) return undefined;
    const [probability, given] = [meanOf(networks, suggested), meanOf(networks, label)];
    // Where classes are found with little confidence, their thresholds are low: what is listed is said with confidence all the same
    return probability >= Math.max(0.5, thresholds.get(suggested) ?? Number.POSITIVE_INFINITY)
      ? { image, suggested, probability, given }
      : undefined;
  });
}

/**
 * Likewise images with any number of classes that probably lack one: each network says that it is there, and their mean probability is at
 * least the mean of that among the images that have the class. Of several such classes the one with the largest mean probability is suggested;
 * `given` is the mean probability that it is not there.
 *
 * @param targets - 0 or 1, [images, classes].
 * @param thresholds - For each network, the probability from which on a class counts as there.
 */
export function likelyMissingLabels(
  answers: GroupAnswers,
  targets: ArrayLike<number>,
  thresholds: readonly number[],
): LabelError[] {
  const classes = targets.length / answers.images;
  const all = Array.from({ length: classes }, (_, c) => c);
  const has = (image: number, c: number) => at(targets, image * classes + c) === 1;
  const own = selfConfidence(answers, (image) => all.filter((c) => has(image, c)));
  return errorsIn(answers.images, (image) => {
    const networks = answers.probabilities(image);
    const missing = all.flatMap((suggested) => {
      const isSaid = networks.every((each, n) => at(each, suggested) >= at(thresholds, n));
      const probability = meanOf(networks, suggested);
      const isLikely = probability >= (own.get(suggested) ?? Number.POSITIVE_INFINITY);
      return isSaid && isLikely && !has(image, suggested)
        ? [{ image, suggested, probability, given: 1 - probability }]
        : [];
    });
    return missing.sort((a, b) => b.probability - a.probability)[0];
  });
}

function errorsIn(images: number, errorOf: (image: number) => LabelError | undefined): LabelError[] {
  const found = Array.from({ length: images }, (_, image) => errorOf(image)).filter((each) => each !== undefined);
  const margin = ({ probability, given }: LabelError) => probability - given;
  return found.sort((a, b) => margin(b) - margin(a) || a.image - b.image);
}

/** For each class that some image has, the mean over these images of the networks' mean probability of it. */
function selfConfidence({ images, probabilities }: GroupAnswers, classesOf: (image: number) => readonly number[]) {
  const sums = new Map<number, { sum: number; count: number }>();
  for (let image = 0; image < images; image++) {
    const networks = probabilities(image);
    for (const c of classesOf(image)) {
      const { sum, count } = sums.get(c) ?? { sum: 0, count: 0 };
      sums.set(c, { sum: sum + meanOf(networks, c), count: count + 1 });
    }
  }
  return new Map([...sums].map(([c, { sum, count }]) => [c, sum / count]));
}

function meanOf(networks: readonly ArrayLike<number>[], c: number): number {
  return networks.reduce((sum, each) => sum + at(each, c), 0) / networks.length;
}
