import type { Preprocessing } from '../data/image/preprocess.js';
import { type GivenPreprocessing, readGivenPreprocessing, suitedTo } from '../imported/given-preprocessing.js';
import { readLabelsFile } from '../imported/labels-file.js';
import type { Tensor } from '../onnx/tensor.js';
import { fail } from '../util/error.js';
import type { Classifier, ClassifierOptions } from './classifier.js';
import { openClassifier } from './open-classifier.js';

/** What a user says of a classifier: it comes before what the classifier says itself. */
export interface GivenFacts {
  /** A file of its class names in the order of its scores: a name a line, a JSON list, an object by index, or a hub's `config.json`. */
  readonly labels?: string | undefined;
  /** How images become its input: `imagenet`, `tf`, or a file such as a hub's `preprocessor_config.json`. */
  readonly preprocessing?: string | undefined;
}

/** A classifier of which it is known what its classes are and how images become its input. */
export interface KnownClassifier extends Classifier {
  readonly classes: readonly string[];
  readonly preprocessing: Preprocessing;
}

/** Opens a classifier to use it on image files. One of which that isn't known is an error that says how to tell it. */
export async function openKnownClassifier(
  path: string,
  { labels, preprocessing, ...options }: ClassifierOptions & GivenFacts,
): Promise<KnownClassifier> {
  const names = labels === undefined ? undefined : await readLabelsFile(labels);
  const images = preprocessing === undefined ? undefined : await readGivenPreprocessing(preprocessing);
  const classifier = await openClassifier(path, options);
  try {
    return withGiven(path, classifier, { labels, names, images, preprocessing });
  } catch (error) {
    await classifier.close();
    throw error;
  }
}

interface Given extends GivenFacts {
  readonly names: readonly string[] | undefined;
  readonly images: GivenPreprocessing | undefined;
}

function withGiven(path: string, classifier: Classifier, { names, images, ...given }: Given): KnownClassifier {
  const classes = names ?? classifier.classes;
  const preprocessing = images ? suitedTo(classifier.input, images, path) : classifier.preprocessing;
  if (!classes || !preprocessing) return failUnknown(path, classes, preprocessing);
  const said = (own: unknown, what: string, name = '') => (own ? [`${what} ${name}, and not its own`] : []);
  return {
    ...classifier,
    classes,
    preprocessing,
    notes: [
      ...classifier.notes,
      ...(names ? said(classifier.classes, 'its class names are those of', given.labels) : []),
      ...(images ? said(classifier.preprocessing, 'its images are prepared by', given.preprocessing) : []),
      ...(images?.notes ?? []),
    ],
    logits: async (batch) => checked(path, await classifier.logits(batch), classes.length, given.labels),
  };
}

/** The error for a model of which its classes, or the preparation of its images, aren't known. */
export function failUnknown(path: string, classes: unknown, preprocessing: unknown): never {
  const missing = [
    ...(classes ? [] : ['its class names (--labels FILE)']),
    ...(preprocessing ? [] : ['how its images are prepared (--preprocessing imagenet, tf or FILE)']),
  ];
  return fail(path, `nothing says ${missing.join(', or ')}: neither its metadata nor files beside it`, {
    hint: "Give these options, or put its hub's config.json and preprocessor_config.json beside it",
  });
}

function checked(path: string, logits: Tensor, classes: number, labels: string | undefined): Tensor {
  const scores = logits.dims[1];
  if (scores === classes) return logits;
  const off = labels === undefined ? 0 : Number(scores) - classes;
  return fail(labels ?? path, 'its class names', {
    expected: `${scores}, one for each score of ${labels ? path : 'its'}`,
    got: String(classes),
    ...(off === 1 && { hint: 'Its first class may be "background": write that above the others' }),
    ...(off === -1 && { hint: 'The first name may be that of a background, which it lacks: leave that out' }),
  });
}
