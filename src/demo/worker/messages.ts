import type { Provider } from '../../browser/training.js';
import type { LoggedEvent } from '../../pages/data/logged-events.js';
import type { SettingsInput } from '../../settings/settings.js';

/** A training that the worker is to open. */
export interface OpenRequest {
  readonly classes: readonly string[];
  /** Pictures in the page's database, and the classes that they are of. */
  readonly pictures: readonly { readonly id: string; readonly label: number }[];
  readonly settings: SettingsInput;
  /** Where the weights are: of each network, or none. */
  readonly weights: readonly string[];
  /** Only this one; the worker chooses where it is null. */
  readonly provider: Provider | null;
  /** Whether it goes on from what the database has. */
  readonly resume: boolean;
}

/** A training that is open. */
export interface Opened {
  readonly provider: Provider;
  readonly threads: number;
}

/** What the page may ask its worker for, and what it gets. */
export interface Calls {
  open: { readonly asked: OpenRequest; readonly got: Opened };
  run: { readonly asked: null; readonly got: 'finished' | 'stopped' };
  stop: { readonly asked: null; readonly got: null };
  /** Probabilities of each network. The bitmap is the worker's then. */
  predict: { readonly asked: ImageBitmap; readonly got: Float32Array[] };
  exportModel: { readonly asked: null; readonly got: Uint8Array };
  exportRun: { readonly asked: null; readonly got: Uint8Array };
}
export type CallName = keyof Calls;

/** A call of the page. */
export type Request = {
  [Name in CallName]: { readonly id: number; readonly name: Name; readonly asked: Calls[Name]['asked'] };
}[CallName];

/** What the worker says: the answer of a call, and what it tells unasked. */
export type Reply =
  | { readonly kind: 'answer'; readonly id: number; readonly got: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string }
  | { readonly kind: 'events'; readonly events: readonly LoggedEvent[] }
  /** What is being done while no step runs, in words. */
  | { readonly kind: 'doing'; readonly what: string }
  /** What has gone wrong beside a call. */
  | { readonly kind: 'fault'; readonly reason: string }
  /** The share of the validation pictures of each class that each network gets right: [network][class]. */
  | { readonly kind: 'accuracies'; readonly shares: readonly (readonly number[])[] };
