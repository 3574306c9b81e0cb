import { type ErrorDetail, fail } from './error.js';

/** What a schema found wrong, as zod gives it. */
interface SchemaError {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

/** Fails for a file whose content is not as it was written: `<where>: <what>: <the first thing that is wrong>`. */
export function failDamaged(
  where: string,
  what: string,
  { issues: [issue] }: SchemaError,
  detail?: ErrorDetail,
): never {
  const place = issue?.path.map(String).join('.');
  return fail(where, `${what}: ${place ? `${place}: ` : ''}${issue?.message}`, detail);
}
