import type { Split, SplitName } from '../data/dataset/dataset.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { evaluateImages } from '../evaluate/evaluate-images.js';
import { scoreOf } from '../events/evaluation.js';
import { indexOfLargest } from '../metrics/largest.js';
import { float32Data, type Tensor } from '../onnx/tensor.js';
import { CPU } from '../runtime/device.js';
import { Session } from '../runtime/session.js';
import type { Settings } from '../settings/settings.js';
import { at } from '../util/checked.js';
import { fail, present } from '../util/error.js';
import { toProbabilities } from '../util/maths/probabilities.js';
import type { Task } from '../util/task.js';

/** How a model in another precision did beside the float32 one, on the same images. */
export interface PrecisionLoss {
  readonly split: SplitName;
  readonly images: number;
  /** Accuracy, or, of images with any number of classes, mean average precision. */
  readonly measure: 'accuracy' | 'map';
  /** In [0, 1]. */
  readonly float32: number;
  readonly converted: number;
  /** Share of images with the same most probable class; of any number of classes: share of their classes that both have, or both have not. */
  readonly agreement: number;
  /** The largest difference of two probabilities. */
  readonly largestDifference: number;
}

/** What is measured, and on what. */
export interface Measuring {
  readonly where: string;
  readonly name: SplitName;
  readonly split: Split;
  readonly preprocessing: Preprocessing;
  readonly settings: Pick<Settings, 'batchSize' | 'workers' | 'task'>;
  /** From which probability on a class counts as there, of any number of classes. */
  readonly threshold: number;
}

/** Runs two models, each in a fresh session, on all images of a split. */
export async function measureLoss(
  float32: Uint8Array,
  converted: Uint8Array,
  { where, name, split, preprocessing, settings, threshold }: Measuring,
): Promise<PrecisionLoss> {
  const { task } = settings;
  const [first, second] = [await recorded(float32), await recorded(converted)];
  try {
    const thresholds = { networks: [threshold, threshold], ensemble: threshold };
    const { networks } = await evaluateImages([first, second], [split], preprocessing, settings, { task, thresholds });
    const [before, after] = networks.map((own) => scoreOf(own));
    return {
      split: name,
      images: split.length,
      measure: task === 'multi-label' ? 'map' : 'accuracy',
      float32: present(before, 'its score'),
      converted: present(after, 'its score'),
      ...compareRows(where, first.rows, second.rows, task, threshold),
    };
  } finally {
    await first.close();
    await second.close();
  }
}

/** A model in a session, whose logits are kept, a row an image. */
interface Recorded {
  readonly rows: Float32Array[];
  logits(images: Tensor): Promise<Tensor>;
  close(): Promise<void>;
}

async function recorded(model: Uint8Array): Promise<Recorded> {
  const session = await Session.open(model, { device: CPU });
  const rows: Float32Array[] = [];
  return {
    rows,
    async logits(images) {
      const logits = present((await session.run({ images }, ['logits'])).get('logits'), 'the logits');
      const [count = 0, classes = 0] = logits.dims;
      const data = float32Data(logits);
      for (let row = 0; row < count; row++) rows.push(data.slice(row * classes, (row + 1) * classes));
      return logits;
    },
    close: () => session.close(),
  };
}

/** How far the probabilities of one model are from those of another; logits that aren't finite are an error at `where`. */
export function compareRows(
  where: string,
  before: readonly Iterable<number>[],
  after: readonly Iterable<number>[],
  task: Task,
  threshold: number,
): Pick<PrecisionLoss, 'agreement' | 'largestDifference'> {
  let [same, of, largestDifference] = [0, 0, 0];
  for (const [i, row] of after.entries()) {
    if (!Array.from(row).every(Number.isFinite)) failOverflow(where);
    const [own, other] = [toProbabilities(row, task), toProbabilities(at(before, i), task)];
    own.forEach((p, c) => {
      largestDifference = Math.max(largestDifference, Math.abs(p - at(other, c)));
    });
    const decisions = decisionsOf(own, task, threshold);
    const others = decisionsOf(other, task, threshold);
    same += decisions.filter((decision, c) => decision === others[c]).length;
    of += decisions.length;
  }
  return { agreement: same / of, largestDifference };
}

/** The class, or whether each class is there. */
function decisionsOf(probabilities: Float64Array, task: Task, threshold: number): (number | boolean)[] {
  if (task === 'multi-label') return Array.from(probabilities, (p) => p >= threshold);
  return [indexOfLargest(probabilities)];
}

function failOverflow(where: string): never {
  return fail(where, 'the converted model gives numbers that are not finite', {
    expected: 'values within the range of its number format',
    hint: 'Export it in float32, or with --int8',
  });
}
