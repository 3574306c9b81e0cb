/** `problem`: something can't work; `note`: something is missing that not everybody needs. */
export type Mark = 'ok' | 'note' | 'problem';

/** One thing that was looked at. */
export interface Finding {
  readonly mark: Mark;
  /** What was looked at, in a word or two: `memory`. */
  readonly subject: string;
  /** How it is. */
  readonly text: string;
  /** What to do about it: a full sentence. */
  readonly hint?: string;
}

/** A finding with nothing to do about it. */
export function ok(subject: string, text: string): Finding {
  return { mark: 'ok', subject, text };
}
