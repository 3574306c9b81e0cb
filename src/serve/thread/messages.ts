import type { PhaseEvent } from '../../events/events.js';
import type { Place } from '../http/listen.js';

/** What a serving thread is started with. */
export interface ServerInput extends Place {
  readonly folder: string;
}

/** What it is told: what the run does before its first step, that it has begun, that it has ended. */
export type ToServer =
  | { readonly kind: 'phase'; readonly event: PhaseEvent }
  | { readonly kind: 'begin' }
  | { readonly kind: 'finish' };

/** What it tells: where it listens, or why it doesn't, and that it has ended. */
export type FromServer =
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'error'; readonly message: string; readonly ours: boolean; readonly stack: string | undefined }
  | { readonly kind: 'finished' };
