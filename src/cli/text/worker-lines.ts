import type { WorkerState } from '../../queue/server/messages.js';
import { formatNumberOf, printable } from '../../report/format.js';
import { formatList } from '../../util/format-list.js';

/** What all workers of a queue do at the moment; of one comparison, or of all. */
export function workerLines(workers: readonly WorkerState[], comparison?: string): string[] {
  if (workers.length === 0) return ['  no worker is at the queue (agon worker)'];
  return workers.flatMap((worker) => {
    const { host, pid, jobs, runs, lacks } = worker;
    const shown = runs.filter((run) => comparison === undefined || run.comparison === comparison);
    const others = runs.length - shown.length;
    const parts = [
      `${host} (${pid})`,
      `${runs.length} of ${formatNumberOf(jobs, 'run')}`,
      ...(others > 0 ? [`${others} of other comparisons`] : []),
      ...(lacks.length > 0 ? [`lacks ${formatList(lacks)}`] : []),
    ];
    return [`  ${parts.join(', ')}`, ...shown.map(({ run, doing }) => `    ${run}  ${doing}`)].map(printable);
  });
}
