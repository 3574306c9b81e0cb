import { type ForeignModel, foreignModel } from '../foreign/foreign-model.js';
import { withoutImageInput } from '../foreign/image-input.js';
import { asLogits, firstBatch, noteOf, type Reading, readingOf } from '../foreign/reading.js';
import { fromModel } from '../graph/import/from-model.js';
import { toModel } from '../graph/to-model.js';
import { readModelFacts } from '../imported/model-facts.js';
import { readTrainedSettings } from '../imported/model-metadata.js';
import { preprocessingOf } from '../imported/model-preprocessing.js';
import { lower } from '../lower/lower.js';
import { portable } from '../lower/portable/portable.js';
import { encodeModel, readModelFile } from '../onnx/file.js';
import type { ModelProto } from '../onnx/model.js';
import { float32Data, type Tensor } from '../onnx/tensor.js';
import { Session } from '../runtime/session.js';
import { AgonError, present } from '../util/error.js';
import type { Classifier, ClassifierOptions } from './classifier.js';
import { imageSizes } from './image-sizes.js';
import { inBatches } from './in-batches.js';

/**
 * An ONNX model as a classifier: one that Agon exported, or any with one float32 input of images and class scores as its
 * output (see `foreignModel`). A batch size that the file fixes is freed. Whether the scores are logits or probabilities
 * is seen from those of a first batch of noise, which are the same whenever the model is opened.
 */
export async function openFileClassifier(path: string, options: ClassifierOptions): Promise<Classifier> {
  const model = withoutImageInput(await readModelFile(path));
  const facts = await readModelFacts(model, path);
  const { labels, preprocessing, images, threshold, temperature, task = options.task ?? 'single-label' } = facts;
  const settings = readTrainedSettings(model, path);
  // What Agon exported in float16 takes and gives float32, batches of any size
  const foreign = foreignModel(model, path, { ...options, task, asStored: settings !== undefined });
  const { served, batch, notes } = withFreeBatch(foreign);
  const session = await Session.open(encodeModel(served, path), options);
  const scoresOf = inBatches(batch, async (images) => {
    const results = await session.run({ [foreign.input]: images }, [foreign.output]);
    return present(results.get(foreign.output), 'the scores');
  });
  try {
    const isOwn = labels !== undefined && preprocessing !== undefined && foreign.output === 'logits';
    const reading = isOwn ? 'logits' : await readFirst(path, foreign, scoresOf, { ...options, task });
    return {
      classes: labels,
      task,
      threshold,
      input: foreign.shape,
      preprocessing: preprocessing ?? (images && preprocessingOf(images, foreign.shape)),
      settings,
      notes: [...foreign.notes, ...notes, ...noteOf(reading, foreign), ...calibrationNote(temperature)],
      logits: async (images) => divided(asLogits(await scoresOf(images), reading), temperature),
      close: () => session.close(),
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Logits as the model's own probabilities are made of them. */
function divided(logits: Tensor, temperature = 1): Tensor {
  if (temperature === 1) return logits;
  return { ...logits, data: float32Data(logits).map((z) => z / temperature) };
}

function calibrationNote(temperature: number | undefined): string[] {
  if (temperature === undefined) return [];
  return [`its probabilities are calibrated: logits are divided by a temperature of ${temperature.toPrecision(3)}`];
}

async function readFirst(
  path: string,
  foreign: ForeignModel,
  scoresOf: (images: Tensor) => Promise<Tensor>,
  options: ClassifierOptions,
): Promise<Reading> {
  const batch = firstBatch(imageSizes(foreign.shape, options.images));
  return readingOf(foreign, await scoresOf(batch), path, options);
}

interface Served {
  readonly served: ModelProto;
  /** The size of the batches that it takes, where that couldn't be freed. */
  readonly batch?: number;
  readonly notes: readonly string[];
}

function withFreeBatch({ model, shape: [batch] }: ForeignModel): Served {
  if (typeof batch !== 'number') return { served: model, notes: [] };
  try {
    const { graph, parameters } = fromModel(model, { freeBatch: true });
    return { served: toModel(lower(graph, portable), { parameters }), notes: [] };
  } catch (error) {
    if (!(error instanceof AgonError)) throw error;
    const note = `it takes ${batch} image${batch === 1 ? '' : 's'} at a time, which is slow (${error.message})`;
    return { served: model, batch, notes: [note] };
  }
}
