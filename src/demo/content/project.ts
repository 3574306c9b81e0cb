import type { Provider } from '../../browser/training.js';
import type { LoggedEvent } from '../../pages/data/logged-events.js';
import type { TrainingPlan } from './plan.js';

/** A class of the user's. */
export interface ClassEntry {
  readonly id: string;
  readonly name: string;
}

/** A training that has begun: what it learns from, and what it has told. */
export interface TrainingRecord {
  /** As they were when it began. */
  readonly classes: readonly ClassEntry[];
  readonly pictures: readonly { readonly id: string; readonly label: number }[];
  readonly plan: TrainingPlan;
  readonly provider: Provider | null;
  readonly events: readonly LoggedEvent[];
  /** Whether its last epoch is done. */
  readonly finished: boolean;
}

/** What a page is about, as its database keeps it beside pictures. */
export interface ProjectRecord {
  readonly classes: readonly ClassEntry[];
  readonly training?: TrainingRecord | undefined;
}
