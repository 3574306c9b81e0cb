import type { FeatureReduction } from '../losses/feature-mse.js';
import type { OptimizerSettings } from '../optim/optimizer.js';
import type { TeacherRule } from './teachers.js';

/** What one competition step does (see the paper's section 3 and Deep Mutual Learning for `all`). */
export interface StepSettings {
  readonly rule: TeacherRule;
  /** How many teach under the rule `top-k`. */
  readonly topK: number;
  /** Weight of the KL divergence from the teachers. */
  readonly alpha: number;
  /** Weight of the feature loss. */
  readonly beta: number;
  readonly featureReduction: FeatureReduction;
  /** Whether features of unlike shapes are compared through a learned projection; without, they are an error. */
  readonly featureProjection: boolean;
  readonly temperature: number;
  /** A frozen teacher of all networks, beside the rule's (knowledge distillation, Hinton 2015). */
  readonly teacher: { readonly weight: number; readonly temperature: number } | null;
  readonly labelSmoothing: number;
  readonly optimizer: OptimizerSettings;
}

/** What a step is fed, and what it puts out beside losses and state. */
export interface StepOptions {
  /** Images a batch. */
  readonly batch: number | string;
  /** Whether each network is fed images of its own, with labels that may be mixed with those of other images. */
  readonly ownInputs?: boolean;
  /** Whether each parameter's gradient becomes an output `<parameter>.grad`. */
  readonly exposeGradients?: boolean;
  /** Whether each network's logits become an output `net<i>.logits`. */
  readonly exposeLogits?: boolean;
}
