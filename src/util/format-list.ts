const MOST = 10;

/** `a, b, c`, and how many more there are than ten. */
export function formatList(items: readonly string[]): string {
  const more = items.length - MOST;
  return items.slice(0, MOST).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
