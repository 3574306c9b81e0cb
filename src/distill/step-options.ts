import type { Graph } from '../graph/graph.js';
import type { StepSettings } from './step-schema.js';

/** What a step is built from. */
export interface StepPlan {
  readonly networks: readonly Graph[];
  readonly settings: StepSettings;
  readonly options: StepOptions;
}

/** What a step is fed, and what it puts out beside losses and state. */
export interface StepOptions {
  /** Images a batch. */
  readonly batch: number | string;
  /** Images without labels, which come behind those of the batch in the same inputs: what is learned of them is what teachers say (0). */
  readonly unlabelled?: number;
  /** Whether each network is fed images of its own, with labels that may be mixed with those of other images. */
  readonly ownInputs?: boolean;
  /** What each class counts in the cross-entropy as `torch.nn.CrossEntropyLoss(weight)` has it, [classes]; all the same when left out. */
  readonly classWeights?: readonly number[] | undefined;
  /** Whether the images that all networks share may be mixed with each other: labels of those that are mixed in are an input. */
  readonly mixed?: boolean;
  /** Whether the networks are heads, each of which is fed the features of a frozen backbone. */
  readonly onFeatures?: boolean;
  /** Whether each parameter's gradient becomes an output `<parameter>.grad`. */
  readonly exposeGradients?: boolean;
  /** Whether each network's logits become an output `net<i>.logits`. */
  readonly exposeLogits?: boolean;
}
