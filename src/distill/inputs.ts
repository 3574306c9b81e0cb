import { add, mul, sub } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { fail, present } from '../util/error.js';
import type { Task } from '../util/task.js';
import { featuresName, MIXED_INPUTS, ownInputNames } from './names.js';
import type { StepOptions } from './step-options.js';
import { TASK_FORMS } from './tasks.js';

/** What one network is fed in a step. */
export interface NetworkInputs {
  /** float32 [images, C, H, W]: those with labels, then those without; of a head, the features [images, ...]. */
  readonly images: Value;
  /** int64 [batch]; of images with any number of classes float32 [batch, classes], each 0 or 1. */
  readonly labels: Value;
  /** Where images are mixed: the labels of the images mixed in, and the share of the own ones (float32 []). */
  readonly mixed?: { readonly partners: Value; readonly lambda: Value };
}

/** What a network's labels are. */
export type LabelInputs = Omit<NetworkInputs, 'images'>;

/** Declares a step's inputs: one batch for all networks, plain or mixed; or images and mixed-in labels of each one's own. */
export function declareInputs(
  g: Graph,
  networks: readonly Graph[],
  options: StepOptions,
  task: Task = 'single-label',
): NetworkInputs[] {
  const { batch, ownInputs = false, mixed = false, onFeatures = false } = options;
  const rows = imageCount(options);
  const [, ...image] = present(networks[0]?.inputs[0], 'the first network').shape;
  const classes = present(networks[0]?.outputs.get('logits'), 'its logits').shape.slice(1);
  const declareImages = (name: string) => g.input(name, 'float32', [rows, ...image]);
  const declareLabels = (name: string) => TASK_FORMS[task].declareLabels(g, name, [batch, ...classes]);
  const declareMixed = (names: Readonly<Record<'partners' | 'lambda', string>>) => {
    return { partners: declareLabels(names.partners), lambda: g.input(names.lambda, 'float32', []) };
  };
  if (onFeatures) return declareFeatures(g, networks, rows, declareLabels('labels'));
  if (!ownInputs) {
    const plain = { images: declareImages('images'), labels: declareLabels('labels') };
    const shared = mixed ? { ...plain, mixed: declareMixed(MIXED_INPUTS) } : plain;
    return networks.map(() => shared);
  }
  const labels = declareLabels('labels');
  return networks.map((_, i) => {
    const names = ownInputNames(i);
    const images = declareImages(names.images);
    return { images, labels, mixed: declareMixed(names) };
  });
}

/** Images in a step, with labels and without. */
function imageCount({ batch, unlabelled = 0 }: StepOptions): StepOptions['batch'] {
  if (unlabelled === 0) return batch;
  if (typeof batch === 'number') return batch + unlabelled;
  return fail('training step', 'unlabelled images beside a batch of open size', {
    expected: 'a number of images a batch',
    got: batch,
  });
}

/** The labels are shared; features each network has of its own backbone, in its own shape. */
function declareFeatures(
  g: Graph,
  networks: readonly Graph[],
  rows: StepOptions['batch'],
  labels: Value,
): NetworkInputs[] {
  return networks.map(({ name, inputs }, i) => {
    const [, ...shape] = present(inputs[0], `the input of ${name}`).shape;
    return { images: g.input(featuresName(i), 'float32', [rows, ...shape]), labels };
  });
}

/** lambda * of(labels) + (1 - lambda) * of(partners) where images are mixed, else of(labels). */
export function overLabels(g: Graph, { labels, mixed }: LabelInputs, of: (labels: Value) => Value): Value {
  if (!mixed) return of(labels);
  const { partners, lambda } = mixed;
  return add(g, mul(g, lambda, of(labels)), mul(g, sub(g, g.scalar(1), lambda), of(partners)));
}
