import { shortageOf } from './shortage.js';

/** What an error message says beside the place and the thing: the parts are joined in this order. */
export interface ErrorDetail {
  readonly expected?: string;
  readonly got?: string;
  /** What the reader can do about it: a full sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** What happened, for programs. */
  readonly code?: ErrorCode;
}

/**
 * `diverged`: a loss or a weight in training is not finite; `peer-lost`: another machine with one of the networks is gone, and the run goes on
 * from its last checkpoint.
 */
export type ErrorCode = 'diverged' | 'peer-lost';

/**
 * An error that the user of Agon can act on. Its text is `<where>: <what>: expected <a>, got <b>. <hint>`. Where its cause is
 * want of memory or of open files it says that, and what to do then.
 */
export class AgonError extends Error {
  override readonly name = 'AgonError';
  /** What happened, where programs may want to know. */
  readonly code?: ErrorCode;

  constructor(where: string, what: string, detail: ErrorDetail = {}) {
    const shortage = shortageOf(detail.cause);
    const message = shortage ? formatMessage(where, shortage.what, shortage) : formatMessage(where, what, detail);
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    if (detail.code !== undefined) this.code = detail.code;
  }
}

/** The error of another thread: an AgonError's text stays as it is, the stack is the other thread's. One of shortage says what is short. */
export function restoreError({
  message,
  ours,
  stack,
  code,
}: {
  message: string;
  ours: boolean;
  stack: string | undefined;
  code?: ErrorCode | undefined;
}): Error {
  const shortage = ours ? undefined : shortageOf(new Error(message));
  if (shortage) return new AgonError('run', shortage.what, shortage);
  const error = ours ? Object.create(AgonError.prototype) : new Error(message);
  return Object.defineProperties(error, {
    message: { value: message, configurable: true },
    stack: { value: stack ?? message, configurable: true },
    name: { value: ours ? 'AgonError' : 'Error', configurable: true },
    ...(code && { code: { value: code, enumerable: true } }),
  }) as Error;
}

function formatMessage(where: string, what: string, { expected, got, hint }: ErrorDetail): string {
  const comparison = [expected && `expected ${expected}`, got && `got ${got}`].filter(Boolean).join(', ');
  return `${where}: ${what}${comparison ? `: ${comparison}` : ''}${hint ? `. ${hint}` : ''}`;
}

/** Throws an {@link AgonError}; as an expression it has type `never`. */
export function fail(where: string, what: string, detail?: ErrorDetail): never {
  throw new AgonError(where, what, detail);
}

/** The value, or an internal error naming `what` when it is undefined. For lookups that can't miss unless Agon is wrong. */
export function present<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Error(`internal error: ${what} is missing`);
  return value;
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
