import type { Evaluation, GroupEvaluation } from '../../events/evaluation.js';
import type { PerturbationResults } from '../../events/events.js';
import type { Assessment } from '../../store/assessment.js';
import type { Task } from '../../util/task.js';

/** A network of a run, as its report names it. */
export interface ReportedNetwork {
  /** `resnet8 #0`, where several have its name. */
  readonly label: string;
  /** Learned numbers; absent where nothing says it. */
  readonly parameters?: number;
}

/** One network's epoch: means over its training steps, and what it did on the validation split. */
export interface ReportedNetworkEpoch {
  readonly loss: number | null;
  readonly accuracy: number | null;
  /** Share of the steps in which it had the lowest cross-entropy. */
  readonly won: number;
  readonly validation?: Evaluation;
}

/** An epoch, from 0. */
export interface ReportedEpoch {
  readonly epoch: number;
  readonly lr: number;
  readonly networks: readonly ReportedNetworkEpoch[];
  /** Of the training steps: wall time, of it the wait for batches, and images a second. */
  readonly seconds: number;
  readonly waited: number;
  readonly imagesPerSecond: number;
}

/** A number over the steps of a run, each point of several steps: the lowest of them, their mean, the highest. Null where none is finite. */
export interface Curve {
  readonly low: readonly (number | null)[];
  readonly mean: readonly (number | null)[];
  readonly high: readonly (number | null)[];
}

/** What the steps of a run were like; each point is of `stepsEach` steps, the last of fewer perhaps. */
export interface StepCurves {
  readonly steps: number;
  readonly stepsEach: number;
  readonly lr: Curve;
  /** Of each network: the cross-entropy. */
  readonly loss: readonly Curve[];
}

/** Who taught whom and who won, over the steps; each point is of `stepsEach` steps. Shares of the steps that are known, in [0, 1]. */
export interface Teaching {
  readonly steps: number;
  readonly stepsEach: number;
  /** Of each network, by point: the share of steps in which it had the lowest cross-entropy. */
  readonly won: readonly (readonly number[])[];
  /** By student, then teacher, then point: the share of steps in which that one taught it. */
  readonly taught: readonly (readonly (readonly number[])[])[];
  /** Over all steps: of each network, and by student, then teacher. */
  readonly total: { readonly won: readonly number[]; readonly taught: readonly (readonly number[])[] };
}

/** The end of a trial of perturbed parameters. */
export interface ReportedTrial {
  /** Of the run, from 0. */
  readonly step: number;
  readonly network: number;
  readonly operation: string;
  readonly kept: boolean;
  /** Null where a loss was not finite. */
  readonly gain: number | null;
}

/** How the perturbations of a run did, and the last of its trials. */
export interface ReportedPerturbations extends PerturbationResults {
  readonly trials: readonly ReportedTrial[];
}

/** All networks after an epoch, on the splits that there are. */
export interface ReportedResult {
  readonly epoch: number;
  readonly validation?: GroupEvaluation | undefined;
  readonly test?: GroupEvaluation | undefined;
}

/** Equal files among the images. */
export interface Duplicates {
  /** How many groups of equal files there are, and how many of them are in several splits, or of several classes. */
  readonly groups: number;
  readonly severalSplits: number;
  readonly severalClasses: number;
  /** The names in some of the groups; those in several splits or classes come first. */
  readonly shown: readonly (readonly string[])[];
}

/** A sentence in pieces: a text, a name from outside, a command line. */
export type Words = readonly (string | { readonly name: string } | { readonly command: string })[];

/** One thing that a reader wants to know, and what this run says of it. */
export interface Answer {
  /** Where on the page there is more of it: the id of a section. */
  readonly section: string;
  readonly question: string;
  /** A sentence or two. */
  readonly answer: Words;
  /** How it was found, and what else is to be known. */
  readonly detail: Words;
  /** Pictures of the assessment that show it. */
  readonly pictures?: readonly number[];
  /** Whether it is as one wishes, needs attention, or can't be said yet. */
  readonly tone: 'good' | 'attention' | 'neutral';
}

/** A line of a table of facts. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** A setting of the run. */
export interface ReportedSetting extends Fact {
  /** Whether it is other than Agon's default. */
  readonly changed: boolean;
}

/** How many images a class has in each split. */
export interface ReportedClass {
  readonly name: string;
  readonly counts: readonly number[];
}

/** All that a run's report shows, as JSON. Numbers that aren't finite are null. */
export interface ReportData {
  /** The folder's name. */
  readonly name: string;
  /** An unfinished run is `running` until its log says that it was stopped. */
  readonly state: 'running' | 'stopped' | 'finished';
  readonly task: Task;
  readonly networks: readonly ReportedNetwork[];
  /** Index of the network that validated best; absent while the run isn't finished. */
  readonly winner?: number;
  readonly progress: {
    readonly epochs: number;
    readonly of: number;
    readonly steps: number;
    readonly ofSteps?: number;
  };
  readonly answers: readonly Answer[];
  readonly epochs: readonly ReportedEpoch[];
  readonly curves?: StepCurves;
  /** Absent for one network. */
  readonly teaching?: Teaching;
  readonly perturbations: ReportedPerturbations;
  /** Of a finished run: at the epoch in which the winner was best, and at the last. */
  readonly best?: ReportedResult;
  readonly last?: ReportedResult;
  /** What it came to in detail, where that is known. */
  readonly assessment?: Assessment;
  readonly data: {
    readonly name: string;
    readonly splits: readonly { readonly name: string; readonly images: number }[];
    readonly classes: readonly ReportedClass[];
    /** Absent where the record of the data doesn't name each image. */
    readonly duplicates?: Duplicates;
  };
  /** Warnings and notes of the run. */
  readonly messages: readonly { readonly type: 'warning' | 'note'; readonly message: string }[];
  readonly cost: readonly Fact[];
  readonly settings: readonly ReportedSetting[];
  readonly environment: readonly Fact[];
  /** Command lines that train the same again, measure it, and export it. */
  readonly commands: readonly Fact[];
}
