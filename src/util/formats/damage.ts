import { fail } from '../error.js';

/** What a schema found wrong, as zod gives it. */
interface SchemaError {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

/** Fails for content that is not as it was written: `<where>: <what>: <place>: expected <a>, got <b>`, of the first thing that is wrong. */
export function failDamaged(
  where: string,
  what: string,
  { issues: [issue] }: SchemaError,
  content: unknown,
  hint: string,
): never {
  const { path = [], message = '' } = issue ?? {};
  const place = [what, ...(path.length > 0 ? [path.map(String).join('.')] : [])].join(': ');
  const expected = message.replace(/^.*?expected /i, '').replace(/, received .*$/, '');
  return fail(where, place, { expected, got: shown(valueAt(content, path)), hint });
}

function valueAt(content: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key],
    content,
  );
}

/** A value of a file for a message, cut short. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
