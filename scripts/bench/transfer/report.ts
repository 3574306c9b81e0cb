import { describeMachine } from '../machine.js';
import { mean, median } from '../numbers.js';
import type { Report } from '../report.js';
import { markdownTable, type Rows, terminalTable } from '../tables.js';
import type { TransferResult, TransferRun } from './measure.js';

const NOTE =
  'best: top-1 of the epoch that validated best, on the test split if there is one, else on that validation split; last: after the last epoch. ' +
  '±: standard deviation over the seeds. Wall time of the whole command, from start to exported winner: median, and the least and most. ' +
  'MB: the most memory of any seed.';

export function reportTransfer(result: TransferResult): Report {
  const where = `${describeMachine(result.machine)}; ${result.network}`;
  const rows = transferRows(result.runs);
  const commands = result.commands.map((command) => `    ${command}`).join('\n');
  return {
    terminal: `${where}\n${terminalTable(rows)}\n${NOTE}\n`,
    markdown: `# From photographs to a classifier\n\n${where}\n\n${markdownTable(rows)}\n\n${NOTE}\n\n${commands}\n`,
    files: { '.json': `${JSON.stringify(result, null, 2)}\n` },
  };
}

/** A row for each data set and case. */
export function transferRows(runs: readonly TransferRun[]): Rows {
  const groups = new Map<string, TransferRun[]>();
  for (const run of runs) {
    const key = JSON.stringify([run.data, run.what]);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const rows = [...groups].map(([key, own]) => {
    const [data, what] = JSON.parse(key) as [string, string];
    const seconds = own.map((run) => run.seconds);
    return [
      data,
      what,
      String(own.length),
      spread(own.map(({ best }) => best)),
      spread(own.map(({ last }) => last)),
      median(seconds).toFixed(1),
      `${Math.min(...seconds).toFixed(1)} to ${Math.max(...seconds).toFixed(1)}`,
      String(Math.max(...own.map(({ rss_mb }) => rss_mb))),
    ];
  });
  return { head: ['data', 'trained', 'seeds', 'best %', 'last %', 's', 's, range', 'MB'], rows, left: 2 };
}

/** `94.1 ± 0.5` of shares; of one without a deviation. */
function spread(shares: readonly number[]): string {
  const percents = shares.map((share) => 100 * share);
  const middle = mean(percents);
  if (percents.length < 2) return middle.toFixed(1);
  const squares = percents.map((x) => (x - middle) ** 2).reduce((a, b) => a + b, 0);
  return `${middle.toFixed(1)} ± ${Math.sqrt(squares / (percents.length - 1)).toFixed(1)}`;
}
