import { formatBytes, formatCount, formatNumberOf, formatRate, printable } from '../../report/format.js';
import { colorsFor } from '../../report/output.js';
import { type Column, renderTable } from '../../report/table.js';
import type { BenchReport } from '../../speed/bench.js';
import type { Cell } from '../../speed/cell.js';
import type { Timing } from '../../speed/timing.js';
import type { CliIo } from '../io/io.js';

const TIMES = ['images/s', 'p50', 'p90', 'p99', 'mean', 'calls'];

/** What was measured, for people: a table of the model alone, and one of the whole way from files. */
export function formatBench(report: BenchReport, { stdout, env }: Pick<CliIo, 'stdout' | 'env'>): string[] {
  const { path, device, machine, versions, cells } = report;
  const colors = colorsFor(stdout, env);
  const table = (titles: readonly string[], rows: readonly string[][]) =>
    renderTable(
      titles.map((title): Column => ({ title, align: 'right' })),
      rows,
      colors,
    );
  const own = cells.map((cell) => {
    return [...sizesOf(cell), ...timesOf(cell.model), formatMilliseconds(cell.opened), formatBytes(cell.memory)];
  });
  const whole = cells.flatMap((cell) => (cell.withImages ? [[...sizesOf(cell), ...timesOf(cell.withImages)]] : []));
  const [first] = cells;
  const notes = [...new Set(cells.flatMap((cell) => cell.notes))];
  return [
    `${colors.bold(printable(path))}, images ${first?.input.join('x')}, on ${printable(device)}`,
    colors.dim(
      `${printable(machine.cpu)}, ${formatNumberOf(machine.cores, 'core')}, ${machine.platform}; Node.js ${versions.node}, ONNX Runtime ${versions.onnxruntime}, Agon ${versions.agon}`,
    ),
    ...notes.map((note) => colors.dim(`note: ${printable(note)}`)),
    '',
    table(['threads', 'batch', ...TIMES, 'opened', 'memory'], own),
    ...(whole.length > 0
      ? ['', colors.bold('with reading, decoding and preparing images'), table(['threads', 'batch', ...TIMES], whole)]
      : []),
    '',
    colors.dim(
      'Times in milliseconds for a batch; p90: nine of ten calls took no longer. Opened: from the file to a ready',
    ),
    colors.dim('model. Memory: what the process grew by at most. Each line is from a process of its own.'),
  ];
}

function sizesOf({ threads, batch }: Cell): string[] {
  return [formatCount(threads), formatCount(batch)];
}

function timesOf({ imagesPerSecond, p50, p90, p99, mean, runs }: Timing): string[] {
  return [formatRate(imagesPerSecond), ...[p50, p90, p99, mean].map(formatMilliseconds), formatCount(runs)];
}

/** Three digits: `0.0812`, `4.21`, `153`. */
function formatMilliseconds(milliseconds: number): string {
  return milliseconds >= 100 ? formatCount(milliseconds) : String(Number(milliseconds.toPrecision(3)));
}
