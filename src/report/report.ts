import type { TrainEvent } from '../events/events.js';

/** A subscriber that shows a run to somebody. */
export interface EventReport {
  onEvent(event: TrainEvent): void;
  /** Shows a message that is not an event. */
  note(message: string): void;
  /** Gives the terminal back; nothing is shown after it. */
  close(): void;
}
