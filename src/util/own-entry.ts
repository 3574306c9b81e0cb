/** A table's entry for a name that may be anything, also `constructor`; undefined where it has none of its own. */
export function ownEntry<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
