import { indexOfLargest } from '../metrics/largest.js';
import { Reliability } from '../metrics/reliability.js';
import { fitTemperature } from '../metrics/temperature.js';
import type { AssessedSubject } from '../store/assessment.js';
import { at } from '../util/checked.js';
import { sigmoid } from '../util/maths/sigmoid.js';
import { softmax } from '../util/maths/softmax.js';
import { type Answers, logitsOf } from './answers.js';

/** The least probability whose logarithm is taken. */
const LEAST = Number.MIN_VALUE;
/** Logits that a temperature is found on at most: of more images every second, every third and so on is taken. */
const MOST_LOGITS = 2 ** 21;

/** How honest the probabilities are that some logits [images, classes] give, and what a temperature makes of them. */
export function calibrationOf(answers: Answers, logits: Float32Array): AssessedSubject['calibration'] {
  const temperature = fitTemperature(thinned(answers, logits));
  const [own, scaled] = [measure(answers, logits), measure(answers, logits, temperature)];
  const { reliability } = own;
  return {
    bins: reliability.bins(),
    ece: reliability.ece(),
    temperature,
    scaled: { loss: scaled.loss, ece: scaled.reliability.ece(), bins: scaled.reliability.bins() },
  };
}

interface Measured {
  /** The mean cross-entropy; of images with any number of classes binary, the mean over the classes too. */
  readonly loss: number;
  readonly reliability: Reliability;
}

function measure(answers: Answers, logits: Float32Array, temperature = 1): Measured {
  const { images, classes, labels, targets } = answers;
  const reliability = new Reliability();
  let loss = 0;
  for (let image = 0; image < images; image++) {
    const own = logitsOf(answers, logits, image);
    const scaled = temperature === 1 ? own : own.map((z) => z / temperature);
    loss += targets
      ? addDecisions(reliability, scaled, targets.subarray(image * classes, (image + 1) * classes))
      : addAnswer(reliability, scaled, at(labels, image));
  }
  return { loss: loss / images, reliability };
}

/** Adds the most probable class, and returns the cross-entropy. */
function addAnswer(reliability: Reliability, logits: Float32Array, label: number): number {
  const probabilities = softmax(logits);
  const said = indexOfLargest(probabilities);
  reliability.add(at(probabilities, said), said === label);
  return -Math.log(Math.max(LEAST, at(probabilities, label)));
}

/** Adds the probability of each class, which is right as often as images have it, and returns the binary cross-entropy. */
function addDecisions(reliability: Reliability, logits: Float32Array, targets: Uint8Array): number {
  let loss = 0;
  for (let c = 0; c < logits.length; c++) {
    const [z, isThere] = [logits[c] as number, targets[c] === 1];
    reliability.add(sigmoid(z), isThere);
    loss -= Math.log(Math.max(LEAST, sigmoid(isThere ? z : -z)));
  }
  return loss / logits.length;
}

function thinned(answers: Answers, logits: Float32Array): Parameters<typeof fitTemperature>[0] {
  const { images, classes, labels, targets } = answers;
  const every = Math.ceil((images * classes) / MOST_LOGITS);
  if (every === 1) return { logits, classes, labels, ...(targets && { targets }) };
  const taken = Array.from({ length: Math.ceil(images / every) }, (_, i) => i * every);
  const rows = <T extends Float32Array | Uint8Array>(all: T, out: T) => {
    for (const [row, i] of taken.entries()) out.set(all.subarray(i * classes, (i + 1) * classes), row * classes);
    return out;
  };
  const length = taken.length * classes;
  return {
    logits: rows(logits, new Float32Array(length)),
    classes,
    labels: taken.map((i) => at(labels, i)),
    ...(targets && { targets: rows(targets, new Uint8Array(length)) }),
  };
}
