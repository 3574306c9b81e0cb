/** The name itself, or with the first free suffix `_2`, `_3`, ... */
export function firstFree(wanted: string, isTaken: (name: string) => boolean): string {
  for (let i = 1; ; i++) {
    const name = i === 1 ? wanted : `${wanted}_${i}`;
    if (!isTaken(name)) return name;
  }
}

/** Names without the empty ones at the end. */
export function trimmed(names: readonly string[]): string[] {
  const end = names.findLastIndex(Boolean) + 1;
  return names.slice(0, end);
}
