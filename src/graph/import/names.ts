/** Finds free names: the one that is wanted, or with the first free suffix `_2`, `_3`, ... Names that are taken stay so. */
export class FreeNames {
  /** The suffixes below these are taken. */
  readonly #next = new Map<string, number>();

  find(wanted: string, isTaken: (name: string) => boolean): string {
    for (let i = this.#next.get(wanted) ?? 1; ; i++) {
      const name = i === 1 ? wanted : `${wanted}_${i}`;
      if (isTaken(name)) continue;
      this.#next.set(wanted, i);
      return name;
    }
  }
}

/** Names without the empty ones at the end. */
export function trimmed(names: readonly string[]): string[] {
  const end = names.findLastIndex(Boolean) + 1;
  return names.slice(0, end);
}
