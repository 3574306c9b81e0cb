import type { TrainEvent } from '../events/events.js';
import type { Group } from '../group/group.js';
import type { Tensor } from '../onnx/tensor.js';
import type { StepRunner } from '../runtime/step-runner.js';
import type { Settings } from '../settings/settings.js';
import type { Span } from '../settings/spans.js';
import type { Checkpoint } from '../store/checkpoint-format.js';
import type { PageInputs } from './page-inputs.js';
import type { PageRecord } from './page-record.js';
import type { ClassOrder } from './pictures/class-order.js';
import type { PictureFiles } from './pictures/page-content.js';
import type { PageData } from './pictures/page-data.js';
import type { WebRuntime } from './web/web-runtime.js';

/** What a training in a page is about. */
export interface PageSubject {
  readonly settings: Settings;
  readonly order: ClassOrder;
  readonly data: PageData;
  readonly files: PictureFiles;
  readonly group: Group;
  readonly emit: (event: TrainEvent) => void;
  /** Whether the step in progress is to be the last one. */
  readonly stopRequested: () => boolean;
}

/** What runs the steps of some epochs in a page. */
export interface PageEngine {
  readonly span: Span;
  readonly runtime: WebRuntime;
  readonly inputs: PageInputs;
  readonly stepper: StepRunner;
  /** Whether its commands on the graphics card were recorded once and are repeated. */
  readonly isRecorded: boolean;
  /** Updates that the optimizer state had seen when its epochs began. */
  readonly updatesBefore: number;
  /** The state that goes on from a checkpoint. */
  stateAfter(checkpoint: Checkpoint): ReadonlyMap<string, Tensor>;
  close(): Promise<void>;
}

/** A training in a page, ready to run. */
export interface PageRun extends PageSubject {
  readonly record: PageRecord;
  /** Of the epochs that come next. */
  engine: PageEngine;
}
