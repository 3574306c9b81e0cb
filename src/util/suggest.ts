import { distance } from 'fastest-levenshtein';

/** The candidate nearest to a misspelt word, if one is near enough to be meant. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: { candidate: string; edits: number } | undefined;
  for (const candidate of candidates) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase());
    if (!best || edits < best.edits) best = { candidate, edits };
  }
  const limit = Math.max(2, Math.ceil(word.length / 3));
  return best && best.edits <= limit ? best.candidate : undefined;
}

/** "Did you mean X?", or the list of what there is when nothing is near. */
export function suggestion(word: string, candidates: readonly string[]): string {
  const match = nearest(word, candidates);
  return match ? `Did you mean "${match}"?` : `There is: ${candidates.join(', ')}`;
}
