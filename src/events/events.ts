import type { DatasetSummary } from '../data/dataset/summary.js';
import type { PlannedPerturbation } from '../distill/mutation.js';
import type { Metrics } from '../distill/terms.js';
import type { Verdict } from '../distill/trial.js';
import type { PresetDifference } from '../settings/presets.js';
import type { Settings } from '../settings/settings.js';
import type { Evaluation, GroupEvaluation } from './evaluation.js';
import type { Origin } from './origin-schema.js';

/** One network of a group, as reports show it. */
export interface NetworkInfo {
  readonly index: number;
  readonly name: string;
  /** Learned numbers. */
  readonly parameters: number;
}

/** What a run is about to take of the memory, in bytes. */
export interface RunMemory {
  /** The most that it will take at a time, about. */
  readonly estimated: number;
  /** What was free when it began, and what bounds that; absent where it isn't known. */
  readonly free?: { readonly bytes: number; readonly boundBy: string };
}

/** A GPU that a run computes on. */
export interface RunDevice {
  /** `webgpu`, `cuda:0`. */
  readonly name: string;
  /** As its driver names it; absent where that isn't known. */
  readonly adapter?: string;
  /** Whether that driver computes on the processor. */
  readonly isSoftware?: boolean;
  /** Of its own, in bytes. */
  readonly memory?: number;
}

/** A run begins, or goes on: its settings, networks and data. */
export interface StartEvent {
  readonly type: 'start';
  readonly folder: string;
  readonly settings: Settings;
  /** What of the settings is not as their preset has it; without a preset, nothing. */
  readonly presetDifferences: readonly PresetDifference[];
  readonly networks: readonly NetworkInfo[];
  readonly data: DatasetSummary;
  /** Input [channels, height, width]. */
  readonly input: readonly [number, number, number];
  readonly stepsPerEpoch: number;
  /** The GPUs that it computes on, if any. */
  readonly devices?: readonly RunDevice[];
  /** Of the step that it runs; other engines than Agon's own don't say. */
  readonly memory?: RunMemory;
  /** Where the run goes on, when it was resumed. */
  readonly resumedAt?: Position;
  /** The events of the epochs before that, as far as the checkpoint knows them: a log may have lost some. */
  readonly finishedEpochs?: readonly EpochEvent[];
  /** Where its networks began, if that was another run. */
  readonly origin?: Origin;
  readonly agon: string;
  readonly onnxruntime: string;
}

/** A place in a run: `step` of `epoch`, both from 0. */
export interface Position {
  readonly epoch: number;
  readonly step: number;
}

/** A network whose batch was perturbed, and with what. */
export interface InputPerturbation {
  readonly network: number;
  readonly operation: string;
  /** Its cross-entropy less the lowest of the others: negative where it was the best all the same. */
  readonly difference: number;
}

/** One step, with its metrics. */
export interface StepEvent extends Position, Metrics {
  readonly type: 'step';
  readonly lr: number;
  /** Row i: the weight of each teacher of network i. */
  readonly teachers: readonly (readonly number[])[];
  readonly inputPerturbation?: InputPerturbation;
  /** The perturbation of parameters that came before this step. */
  readonly parameterPerturbation?: PlannedPerturbation;
  /** The end of a trial of perturbed parameters, after this step. */
  readonly verdict?: Verdict;
  /** In float16: each network's loss scale in this step, and whether its gradients overflowed (1; else 0), so that it kept its weights. */
  readonly lossScale?: readonly number[];
  readonly overflowed?: readonly number[];
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
  /** KL divergence from its teachers, added up over the steps. */
  readonly klMass: number;
  /** Absent where nothing is held out. */
  readonly validation?: Evaluation;
}

/** How the perturbations of some steps did, by operation. */
export interface PerturbationResults {
  readonly input: readonly {
    readonly operation: string;
    readonly fired: number;
    /** Steps in which the perturbed network had the lowest cross-entropy all the same. */
    readonly won: number;
    /** Mean of {@link InputPerturbation.difference}. */
    readonly difference: number;
  }[];
  readonly parameters: readonly {
    readonly operation: string;
    readonly fired: number;
    /** Trials that ended in these steps. */
    readonly kept: number;
    readonly rolledBack: number;
    /** Of those rolled back, the ones in which a loss was not finite. */
    readonly diverged: number;
    /** Mean gain of the other trials that ended: cross-entropy of the best other network less the perturbed one's. */
    readonly gain: number | null;
  }[];
}

/** An epoch (counted from 0) has ended and been validated. */
export interface EpochEvent {
  readonly type: 'epoch';
  readonly epoch: number;
  readonly lr: number;
  readonly networks: readonly NetworkEpoch[];
  /** Whether a network validated better than any in an earlier epoch; false where nothing is held out. */
  readonly best: boolean;
  /** Steps whose teachers were others than the step's before. */
  readonly roleChanges: number;
  /** Mean over the steps of the second lowest cross-entropy less the lowest. */
  readonly margin: number;
  readonly perturbations: PerturbationResults;
  /** Wall time of the training steps, of it the wait for batches, and images a second through them. */
  readonly seconds: number;
  readonly waited: number;
  readonly imagesPerSecond: number;
}

export interface StopEvent extends Position {
  readonly type: 'stop';
  readonly checkpoint: string;
}

/** A group at the end of an epoch, from 0; on the splits that there are. */
export interface EvaluatedEpoch {
  readonly epoch: number;
  readonly validation?: GroupEvaluation | undefined;
  readonly test?: GroupEvaluation | undefined;
}

/** The end of a whole run. */
export interface EndEvent {
  readonly type: 'end';
  /** The network that validated best; where nothing is held out, that with the lowest training loss in the last epoch. */
  readonly winner: NetworkInfo;
  /** All networks at the epoch in which the winner was best, and at the last one; the same where nothing is held out. */
  readonly best: EvaluatedEpoch;
  readonly last: EvaluatedEpoch;
  /** Where the run has ended before its last epoch, as no network validated better for some epochs: how many it had, and should have had. */
  readonly endedEarly?: { readonly epochs: number; readonly of: number; readonly patience: number };
  readonly model: string;
  /** Largest difference between the exported model's logits and the trainer's. */
  readonly parity: number;
  /** Largest difference of its probabilities for images from those for the same images as Agon prepares them. */
  readonly preparation?: number;
}

/** Something that the user may want to know, with nothing to be done: a sentence or two. */
export interface NoteEvent {
  readonly type: 'note';
  readonly message: string;
}

/** Something that the user should know and that does not stop the run: one sentence. */
export interface WarningEvent {
  readonly type: 'warning';
  readonly message: string;
}

/** Progress within something that takes a while before or after the steps. */
export interface PhaseEvent {
  readonly type: 'phase';
  readonly phase:
    | 'weights'
    | 'data'
    | 'graph'
    | 'device'
    | 'features'
    | 'tune'
    | 'validation'
    | 'test'
    | 'assessment'
    | 'export';
  /** How far it is, in words. */
  readonly detail?: string;
  /** How many images of how many are done, where that is told. */
  readonly done?: number;
  readonly of?: number;
}

/** What a run tells as it goes, told apart by `type`. Plain data, as the log holds it. */
export type TrainEvent =
  | StartEvent
  | StepEvent
  | EpochEvent
  | StopEvent
  | EndEvent
  | NoteEvent
  | WarningEvent
  | PhaseEvent;
/** Takes the events of a run, in their order. */
export type Emit = (event: TrainEvent) => void;
