import type { Dataset, Split, SplitName } from '../data/dataset/dataset.js';
import { limitSplit, withValidation } from '../data/dataset/split.js';
import { openDataset } from '../data/formats/open.js';
import { checkClasses } from '../evaluate/measured-data.js';
import { inOperatorSet } from '../graph/operator-sets.js';
import { encodeModel } from '../onnx/file.js';
import type { ModelProto } from '../onnx/model.js';
import type { Checkpoint } from '../store/checkpoint.js';
import { readRunSettings } from '../store/run-folder.js';
import { fail } from '../util/error.js';
import { measureLoss, type PrecisionLoss } from './measure-loss.js';
import { inPrecision, type Precision, type PrecisionFacts } from './precision.js';

/** How a model becomes one of another precision. */
export interface ConversionOptions {
  /** What it computes in; float32 when left out. */
  readonly precision?: Precision | undefined;
  /** int8: how many images of the training split tell the ranges of its values (128). */
  readonly calibrationImages?: number | undefined;
  /** How many points of accuracy (of mean average precision, if images have any number of classes) it may lose (1). */
  readonly maxLoss?: number | undefined;
  /** Whether it is written even if it loses more. */
  readonly force?: boolean | undefined;
}

/** What became of a model in another precision, beside the one in float32. */
export interface Conversion extends PrecisionFacts, PrecisionLoss {
  /** Sizes of the two, without what prepares images. */
  readonly bytes: { readonly float32: number; readonly converted: number };
}

/** Where a model is from. */
export interface ConversionSource {
  /** The run's folder. */
  readonly folder: string;
  readonly checkpoint: Pick<Checkpoint, 'settings' | 'classes' | 'preprocessing'>;
  readonly threshold: number;
  /** For messages. */
  readonly where: string;
}

export const CALIBRATION_IMAGES = 128;
export const MOST_LOSS = 1;

/**
 * A float32 model (`images` to `logits`) in another precision, measured beside it on the validation split of its run, or on the test split
 * if there is none, or else on the training images. One that loses too much is an error. Its metadata say what was done and measured.
 */
export async function convertModel(
  model: ModelProto,
  precision: Precision,
  source: ConversionSource,
  options: ConversionOptions,
): Promise<{ readonly model: ModelProto; readonly conversion: Conversion }> {
  const { checkpoint, where, threshold } = source;
  const { settings, preprocessing } = checkpoint;
  const dataset = await openRunData(source);
  const count = options.calibrationImages ?? CALIBRATION_IMAGES;
  const images = { split: dataset.train, count, preprocessing, seed: settings.seed };
  const { model: converted, described } = await inPrecision(model, precision, where, images);
  const [before, after] = [model, converted].map((each) => encodeModel(inOperatorSet(each, where))) as [
    Uint8Array,
    Uint8Array,
  ];
  const measuring = { ...measuredSplit(dataset), where, preprocessing, settings, threshold };
  const loss = await measureLoss(before, after, measuring);
  if (!options.force) checkLoss(where, precision, loss, options.maxLoss ?? MOST_LOSS);
  const bytes = { float32: before.length, converted: after.length };
  return { model: withFacts(converted, { ...described, ...loss }), conversion: { ...described, ...loss, bytes } };
}

/** The data of the run as it was trained: a checkpoint may be older than their move. */
async function openRunData({ folder, checkpoint: { settings, classes } }: ConversionSource): Promise<Dataset> {
  const { data } = await readRunSettings(folder).catch(() => settings);
  const { task, validation, seed, limit } = settings;
  const opened = withValidation(await openDataset(data, { task }), { fraction: validation }, seed);
  checkClasses(data, opened.classes, classes);
  return limit ? { ...opened, train: limitSplit(opened.train, limit, seed) } : opened;
}

function measuredSplit({ train, validation, test }: Dataset): { readonly name: SplitName; readonly split: Split } {
  if (validation) return { name: 'validation', split: validation };
  return test ? { name: 'test', split: test } : { name: 'train', split: train };
}

/** Rounding of the difference of two shares. */
const ROUNDING = 1e-9;

function checkLoss(where: string, precision: Precision, loss: PrecisionLoss, most: number): void {
  const { float32, converted, split, images, measure } = loss;
  const points = 100 * (float32 - converted);
  if (points <= most + ROUNDING) return;
  const what = measure === 'map' ? 'mean average precision' : 'accuracy';
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  fail(where, `the ${precision} model loses too much, and isn't written`, {
    expected: `at most ${most} points of ${what}`,
    got: `${points.toFixed(1)}: ${share(converted)} instead of ${share(float32)} of ${images} ${split} images`,
    hint: 'Allow more (--max-loss), or write it all the same (--force)',
  });
}

/** What metadata say of the model, in the key that is Agon's own. */
function withFacts(model: ModelProto, { precision, ...conversion }: PrecisionFacts & PrecisionLoss): ModelProto {
  const metadataProps = model.metadataProps?.map((entry) => {
    if (entry.key !== 'agon') return entry;
    return { ...entry, value: JSON.stringify({ ...JSON.parse(entry.value), precision, conversion }) };
  });
  return { ...model, ...(metadataProps && { metadataProps }) };
}
