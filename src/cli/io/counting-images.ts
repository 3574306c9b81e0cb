import { formatCount } from '../../report/format.js';
import { LiveLines } from '../../report/live-lines.js';
import { isLive } from '../../report/output.js';
import type { CliIo } from './io.js';

/** Does work that reads images, and shows meanwhile how many have been checked. */
export async function countingImages<T>(
  { stderr, env }: CliIo,
  work: (onProgress: (checked: number) => void) => Promise<T>,
): Promise<T> {
  let checked = 0;
  const live = new LiveLines(stderr);
  if (isLive(stderr, env)) live.show([() => (checked > 0 ? `${formatCount(checked)} images checked` : 'reading ...')]);
  try {
    return await work((count) => {
      checked = count;
    });
  } finally {
    live.clear();
  }
}
