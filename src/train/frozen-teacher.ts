import { isDeepStrictEqual } from 'node:util';
import type { Classifier, ClassifierOptions } from '../classifier/classifier.js';
import { openClassifier } from '../classifier/open-classifier.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { formatShape } from '../graph/node/dim.js';
import { classColumns, isIdentity, unknownClasses } from '../imported/class-columns.js';
import { elementCount, float32Data, type Tensor, tensor } from '../onnx/tensor.js';
import { deviceOf } from '../runtime/device.js';
import type { Settings } from '../settings/settings.js';
import { at, take } from '../util/checked.js';
import { AgonError, fail, messageOf } from '../util/error.js';
import { formatList } from '../util/format-list.js';
import type { Task } from '../util/task.js';
import type { RunData } from './data.js';

/** A teacher that is evaluated and never trained. */
export interface FrozenTeacher {
  /** What a user should know of how it is read, each in one line. */
  readonly notes: readonly string[];
  /** Logits [N, classes] for images [N, C, H, W] that are normalised as the run's are. */
  logits(images: Tensor): Promise<Tensor>;
  close(): Promise<void>;
}

/** The run that it teaches in. */
export interface FrozenTeacherOptions extends ClassifierOptions {
  readonly task?: Task;
  readonly classes: readonly string[];
  readonly preprocessing: Preprocessing;
}

/** The frozen teacher that a run's settings name, if they name one, for its data ({@link openFrozenTeacher}). */
export async function openTeacher(
  settings: Pick<Settings, 'teacher' | 'device' | 'allowFallback' | 'threads' | 'task'>,
  { dataset, preprocessing }: Pick<RunData, 'dataset' | 'preprocessing'>,
): Promise<FrozenTeacher | undefined> {
  const { teacher, threads, task } = settings;
  if (!teacher) return undefined;
  const run = { task, classes: dataset.classes, preprocessing };
  return openFrozenTeacher(teacher, { ...run, device: deviceOf(settings), threads });
}

/**
 * Opens the frozen teacher of a run: the winner of another run (its folder), or an ONNX model. Where it is known that its
 * images are normalised by other means and deviations than the run's, they are renormalised; a model that says nothing is fed
 * the run's own. Its classes are found by name, where it names them. One without the run's, or for other images, is an error that
 * names the file.
 */
export async function openFrozenTeacher(
  { model: path, output }: Pick<NonNullable<Settings['teacher']>, 'model' | 'output'>,
  options: FrozenTeacherOptions,
): Promise<FrozenTeacher> {
  try {
    const { preprocessing: images } = options;
    const classifier = await openClassifier(
      path,
      { ...options, output, outputFlag: '--teacher-output', images },
      'the frozen teacher',
    );
    const { columns, note } = await check(path, classifier, options);
    const adapt = renormaliser(options.preprocessing, classifier.preprocessing);
    return {
      notes: [...classifier.notes, ...(note ? [note] : [])].map((each) => `${path}: ${each}`),
      logits: async (batch) => selected(await classifier.logits(adapt(batch)), columns),
      close: () => classifier.close(),
    };
  } catch (error) {
    if (error instanceof AgonError && error.message.includes(path)) throw error;
    return fail(path, `it can't be the frozen teacher: ${messageOf(error)}`, { cause: error });
  }
}

/** Closes a classifier that doesn't suit the run, with an error. */
async function check(path: string, classifier: Classifier, run: FrozenTeacherOptions): Promise<Columns> {
  try {
    checkTask(path, classifier, run);
    checkImages(path, classifier, run.preprocessing);
    const count = await countClasses(path, classifier, run);
    return columnsFor(path, classifier, run.classes, count);
  } catch (error) {
    await classifier.close();
    throw error;
  }
}

function checkTask(path: string, { task }: Classifier, { task: wanted = 'single-label' }: FrozenTeacherOptions): void {
  if (task === wanted) return;
  fail(path, 'the task of the frozen teacher', {
    expected: `${wanted}, as the run's`,
    got: task,
    hint: `Train with --task ${task}, or with another teacher`,
  });
}

function checkImages(path: string, { input }: Classifier, { channels, height, width }: Preprocessing): void {
  const wanted = [channels, height, width];
  const fits = wanted.every((size, i) => typeof input[i + 1] !== 'number' || input[i + 1] === size);
  if (fits) return;
  fail(path, 'the frozen teacher takes other images than the run', {
    expected: formatShape(['N', ...wanted]),
    got: formatShape(['N', ...input.slice(1)]),
    hint: 'Train with images of its size and channels (--size, --channels), or with another teacher',
  });
}

/** More than one, to see that the batch is free. */
const PROBES = 2;

/** How many numbers it gives for an image. */
async function countClasses(path: string, classifier: Classifier, run: FrozenTeacherOptions): Promise<number> {
  const { channels, height, width } = run.preprocessing;
  const dims = [PROBES, channels, height, width];
  const logits = await classifier.logits(tensor('float32', dims, new Float32Array(elementCount(dims))));
  const [images, count = 0] = logits.dims;
  if (logits.dtype === 'float32' && logits.dims.length === 2 && images === PROBES) return count;
  return failOutput(path, run.classes.length, `${logits.dtype} ${formatShape(logits.dims)}`, OTHER);
}

const OTHER = "It must tell the run's classes apart";

function failOutput(path: string, classes: number, got: string, hint: string): never {
  return fail(path, `the frozen teacher's logits for ${PROBES} images`, {
    expected: `float32 ${formatShape([PROBES, classes])}`,
    got,
    hint,
  });
}

/** Which of a teacher's classes are the run's; all of them, as they are, where `columns` is left out. */
interface Columns {
  readonly columns?: readonly number[];
  /** What is to be said of it. */
  readonly note?: string;
}

/** Classes of a teacher that names them are found by name; another one must have as many as the run. */
function columnsFor(path: string, { classes }: Classifier, wanted: readonly string[], count: number): Columns {
  const labels = classes?.length === count ? classes : undefined;
  const columns = labels && classColumns(labels, wanted);
  if (!labels) {
    if (count === wanted.length) return {};
    const more = `${OTHER}; of one with more classes, those of the run are taken where its metadata name them (labels, names)`;
    return failOutput(path, wanted.length, `float32 ${formatShape([PROBES, count])}`, more);
  }
  if (!columns) {
    const missing = unknownClasses(labels, wanted);
    return fail(path, "the frozen teacher doesn't know all of the run's classes", {
      expected: missing.length > 0 ? formatList(missing) : formatList(wanted),
      got: formatList(labels),
      hint: 'Name the folders of the data as it names its classes, or take another teacher',
    });
  }
  if (count > wanted.length)
    return { columns, note: `of its ${count} classes the ${wanted.length} of the run are taken, by name` };
  return isIdentity(columns) ? {} : { columns, note: 'its classes are in another order, and are found by name' };
}

/** Some columns of logits [N, classes]. */
function selected(logits: Tensor, columns: readonly number[] | undefined): Tensor {
  if (!columns) return logits;
  const [rows, width] = take(logits.dims, 2);
  const numbers = float32Data(logits);
  const count = columns.length;
  const chosen = Float32Array.from({ length: rows * count }, (_, i) => {
    return at(numbers, Math.floor(i / count) * width + at(columns, i % count));
  });
  return tensor('float32', [rows, count], chosen);
}

type Normalisation = Pick<Preprocessing, 'mean' | 'std'>;

/** (x * fromStd + fromMean - toMean) / toStd in each channel; x itself where they are the same. */
function renormaliser(from: Normalisation, to: Normalisation = from): (images: Tensor) => Tensor {
  if (isDeepStrictEqual([from.mean, from.std], [to.mean, to.std])) return (images) => images;
  const factors = from.std.map((std, c) => std / at(to.std, c));
  const shifts = from.mean.map((mean, c) => (mean - at(to.mean, c)) / at(to.std, c));
  return (images) => {
    const { dims } = images;
    const [, channels, height, width] = take(dims, 4);
    const plane = height * width;
    const numbers = float32Data(images).map((x, i) => {
      const channel = Math.floor(i / plane) % channels;
      return x * at(factors, channel) + at(shifts, channel);
    });
    return tensor('float32', dims, numbers);
  };
}
