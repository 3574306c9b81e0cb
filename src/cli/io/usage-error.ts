import { AgonError, type ErrorDetail } from '../../util/error.js';

/** An error in how a command was called: exit code 2. `flag` is what the message begins with. */
export class UsageError extends AgonError {}

/** Throws a {@link UsageError}. */
export function failUsage(flag: string, what: string, detail?: ErrorDetail): never {
  throw new UsageError(flag, what, detail);
}
