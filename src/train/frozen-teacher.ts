import { isDeepStrictEqual } from 'node:util';
import type { Classifier, ClassifierOptions } from '../classifier/classifier.js';
import { openClassifier } from '../classifier/open-classifier.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { formatShape } from '../graph/node/dim.js';
import { elementCount, float32Data, type Tensor, tensor } from '../onnx/tensor.js';
import { parseDevice } from '../runtime/device.js';
import type { Settings } from '../settings/settings.js';
import { at, take } from '../util/checked.js';
import { AgonError, fail, messageOf } from '../util/error.js';
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
  { teacher, device, threads, task }: Pick<Settings, 'teacher' | 'device' | 'threads' | 'task'>,
  { dataset, preprocessing }: Pick<RunData, 'dataset' | 'preprocessing'>,
): Promise<FrozenTeacher | undefined> {
  if (!teacher) return undefined;
  const run = { task, classes: dataset.classes, preprocessing };
  return openFrozenTeacher(teacher, { ...run, device: parseDevice(device), threads });
}

/**
 * Opens the frozen teacher of a run: the winner of another run (its folder), or an ONNX model. Where it is known that its
 * images are normalised by other means and deviations than the run's, they are renormalised; a model that says nothing is fed
 * the run's own. One for other classes or images is an error that names the file.
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
    await check(path, classifier, options);
    const adapt = renormaliser(options.preprocessing, classifier.preprocessing);
    return {
      notes: classifier.notes.map((note) => `${path}: ${note}`),
      logits: (batch) => classifier.logits(adapt(batch)),
      close: () => classifier.close(),
    };
  } catch (error) {
    if (error instanceof AgonError && error.message.includes(path)) throw error;
    return fail(path, `it can't be the frozen teacher: ${messageOf(error)}`, { cause: error });
  }
}

/** Closes a classifier that doesn't suit the run, with an error. */
async function check(path: string, classifier: Classifier, run: FrozenTeacherOptions): Promise<void> {
  try {
    checkTask(path, classifier, run);
    checkImages(path, classifier, run.preprocessing);
    await checkOutput(path, classifier, run);
    checkNames(path, classifier, run.classes);
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

async function checkOutput(path: string, classifier: Classifier, run: FrozenTeacherOptions): Promise<void> {
  const { channels, height, width } = run.preprocessing;
  const dims = [PROBES, channels, height, width];
  const logits = await classifier.logits(tensor('float32', dims, new Float32Array(elementCount(dims))));
  const expected = [PROBES, run.classes.length];
  if (logits.dtype === 'float32' && isDeepStrictEqual([...logits.dims], expected)) return;
  fail(path, `the frozen teacher's logits for ${PROBES} images`, {
    expected: `float32 ${formatShape(expected)}`,
    got: `${logits.dtype} ${formatShape(logits.dims)}`,
    hint: "It must tell the run's classes apart",
  });
}

function checkNames(path: string, { classes }: Classifier, wanted: readonly string[]): void {
  const at = classes ? wanted.findIndex((name, i) => classes[i] !== name) : -1;
  if (at < 0) return;
  fail(path, `class ${at} of the frozen teacher`, {
    expected: `"${wanted[at]}"`,
    got: `"${classes?.[at]}"`,
    hint: 'It must have been trained on the same classes, in the same order',
  });
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
