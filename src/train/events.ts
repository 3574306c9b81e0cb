import type { DatasetSummary } from '../data/summary.js';
import type { Settings } from './settings.js';

/** One network of a group, as reports show it. */
export interface NetworkInfo {
  readonly index: number;
  readonly name: string;
  /** Learned numbers. */
  readonly parameters: number;
}

/** What one network did on a split. */
export interface Evaluation {
  /** Mean cross-entropy. */
  readonly loss: number;
  /** Share of images whose largest logit is the label's, in [0, 1]. */
  readonly accuracy: number;
}

export interface StartEvent {
  readonly type: 'start';
  readonly folder: string;
  readonly settings: Settings;
  readonly networks: readonly NetworkInfo[];
  readonly data: DatasetSummary;
  /** Input [channels, height, width]. */
  readonly input: readonly [number, number, number];
  readonly stepsPerEpoch: number;
  /** Where the run goes on, when it was resumed. */
  readonly resumedAt?: Position;
  readonly agon: string;
  readonly onnxruntime: string;
}

/** A place in a run: `step` of `epoch`, both from 0. */
export interface Position {
  readonly epoch: number;
  readonly step: number;
}

/** One step. Lists have one entry a network. */
export interface StepEvent extends Position {
  readonly type: 'step';
  readonly lr: number;
  readonly ce: readonly number[];
  readonly kl: readonly number[];
  readonly feature: readonly number[];
  readonly total: readonly number[];
  readonly accuracy: readonly number[];
  /** Row i: the weight of each teacher of network i. */
  readonly teachers: readonly (readonly number[])[];
  /** Wall time of the step, and of it the wait for the batch. */
  readonly seconds: number;
  readonly waited: number;
}

/** One network's epoch. */
export interface NetworkEpoch {
  /** Means over the training steps. */
  readonly loss: number;
  readonly accuracy: number;
  /** Share of the steps in which it had the lowest cross-entropy. */
  readonly won: number;
  readonly validation: Evaluation;
}

export interface EpochEvent {
  readonly type: 'epoch';
  readonly epoch: number;
  readonly lr: number;
  readonly networks: readonly NetworkEpoch[];
  /** Whether a network validated better than any in an earlier epoch. */
  readonly best: boolean;
  /** Wall time of the training steps (of this process), and images a second through them. */
  readonly seconds: number;
  readonly imagesPerSecond: number;
}

export interface StopEvent extends Position {
  readonly type: 'stop';
  readonly checkpoint: string;
}

/** The end of a whole run. */
export interface EndEvent {
  readonly type: 'end';
  /** The network that validated best, and when. */
  readonly winner: NetworkInfo;
  readonly bestEpoch: number;
  readonly validation: Evaluation;
  /** All networks at the best epoch, on the test split, if there is one. */
  readonly test?: readonly Evaluation[];
  readonly model: string;
  /** Largest difference between the exported model's logits and the trainer's. */
  readonly parity: number;
}

export interface WarningEvent {
  readonly type: 'warning';
  readonly message: string;
}

/** Progress within something that takes a while before or after the steps. */
export interface PhaseEvent {
  readonly type: 'phase';
  readonly phase: 'data' | 'graph' | 'tune' | 'validation' | 'test' | 'export';
}

export type TrainEvent = StartEvent | StepEvent | EpochEvent | StopEvent | EndEvent | WarningEvent | PhaseEvent;
export type Emit = (event: TrainEvent) => void;
