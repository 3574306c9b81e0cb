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

/**
 * Declares a step's inputs: one batch for all networks, plain or mixed; or images and mixed-in labels of each one's own.
 *
 * @param members - The networks that the step trains; returns an entry for each.
 */
export function declareInputs(
  g: Graph,
  networks: readonly Graph[],
  options: StepOptions,
  task: Task,
  members: readonly number[],
): NetworkInputs[] {
  const { ownInputs = false, mixed = false, onFeatures = false } = options;
  const rows = imageCount(options);
  const [, ...image] = present(networks[0]?.inputs[0], 'the first network').shape;
  const declareImages = (name: string) => g.input(name, 'float32', [rows, ...image]);
  const { labels: declareLabels, mixed: declareMixed } = labelDeclarations(g, networks, options, task);
  if (onFeatures) return declareFeatures(g, networks, rows, declareLabels('labels'), members);
  if (!ownInputs) {
    const plain = { images: declareImages('images'), labels: declareLabels('labels') };
    const shared = mixed ? { ...plain, mixed: declareMixed(MIXED_INPUTS) } : plain;
    return members.map(() => shared);
  }
  const labels = declareLabels('labels');
  return members.map((i) => {
    const names = ownInputNames(i);
    const images = declareImages(names.images);
    return { images, labels, mixed: declareMixed(names) };
  });
}

/** Declares what {@link declareInputs} has of labels, without images; for all networks. */
export function declareLabelInputs(
  g: Graph,
  networks: readonly Graph[],
  options: StepOptions,
  task: Task,
): LabelInputs[] {
  const declare = labelDeclarations(g, networks, options, task);
  const labels = declare.labels('labels');
  if (options.ownInputs) return networks.map((_, i) => ({ labels, mixed: declare.mixed(ownInputNames(i)) }));
  const shared = options.mixed ? { labels, mixed: declare.mixed(MIXED_INPUTS) } : { labels };
  return networks.map(() => shared);
}

function labelDeclarations(g: Graph, networks: readonly Graph[], { batch }: StepOptions, task: Task) {
  const classes = present(networks[0]?.outputs.get('logits'), 'its logits').shape.slice(1);
  const labels = (name: string) => TASK_FORMS[task].declareLabels(g, name, [batch, ...classes]);
  const mixed = (names: Readonly<Record<'partners' | 'lambda', string>>) => {
    return { partners: labels(names.partners), lambda: g.input(names.lambda, 'float32', []) };
  };
  return { labels, mixed };
}

/** Images in a step, with labels and without. */
export function imageCount({ batch, unlabelled = 0 }: StepOptions): StepOptions['batch'] {
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
  members: readonly number[],
): NetworkInputs[] {
  return members.map((i) => {
    const { name, inputs } = present(networks[i], `network ${i}`);
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
