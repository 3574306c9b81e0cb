import { describeMachine, fileStem, type Machine, machine } from '../machine.js';
import { runJob, tuneFirst } from '../measure/run-child.js';
import { workOf } from '../measure/work.js';
import { growth, round } from '../numbers.js';
import type { Progress, Report } from '../report.js';
import { markdownTable, type Rows, terminalTable } from '../tables.js';
import { build, type Workload } from '../workload.js';
import type { Series } from './cases.js';
import { drawScaling } from './figure.js';

export interface Point {
  readonly x: number;
  /** Of a step, in all three directions. */
  readonly gflop: number;
  readonly step_ms: number;
  readonly rss_mb: number;
}

export interface MeasuredSeries {
  readonly axis: string;
  readonly name: string;
  readonly points: readonly Point[];
  /** Step time grows like the work to this power. */
  readonly time_growth: number;
  /** The same for peak memory, which has a constant part. */
  readonly memory_growth: number;
}

export interface ScalingResult {
  readonly machine: Machine;
  readonly threads: number;
  readonly steps: number;
  readonly series: readonly MeasuredSeries[];
}

/** Measures every point in a process of its own. The least step counts: there are few of each. */
export async function measureScaling(all: readonly Series[], steps: number, tell: Progress): Promise<ScalingResult> {
  const series: MeasuredSeries[] = [];
  for (const each of all) series.push(await measureSeries(each, steps, tell));
  return { machine: machine(), threads: all[0]?.cases[0]?.workload.threads ?? 0, steps, series };
}

async function measureSeries({ axis, name, cases }: Series, steps: number, tell: Progress): Promise<MeasuredSeries> {
  const points: Point[] = [];
  for (const { x, workload } of cases) {
    await tuneFirst(workload);
    const line = await runJob({ kind: 'step', workload, steps });
    points.push({ x, gflop: round(gflopOf(workload), 3), step_ms: line.min_ms, rss_mb: line.rss_mb });
    tell(`${name}, ${axis} ${x}: ${line.min_ms} ms, ${line.rss_mb} MB`);
  }
  const against = (y: 'step_ms' | 'rss_mb') => growth(points.map((point) => ({ x: point.gflop, y: point[y] })));
  return {
    axis,
    name,
    points,
    time_growth: round(against('step_ms'), 3),
    memory_growth: round(against('rss_mb'), 3),
  };
}

function gflopOf(workload: Workload): number {
  return (2 * workOf(build(workload).group.graphs, workload.batch).multiplyAdds) / 1e9;
}

export function reportScaling(result: ScalingResult): Report {
  const where = `${describeMachine(result.machine)}; ${result.threads} threads, the least of ${result.steps} steps`;
  const rows = scalingRows(result.series);
  return {
    terminal: `${where}\n${terminalTable(rows)}\n`,
    markdown: `# Scaling\n\n${where}\n\n![Step time and peak memory](${fileStem(result.machine)}-scaling.svg)\n\n${markdownTable(rows)}\n`,
    files: { '.json': `${JSON.stringify(result, null, 2)}\n`, '.svg': drawScaling(result.series) },
  };
}

function scalingRows(series: readonly MeasuredSeries[]): Rows {
  const head = ['series', 'axis', 'x', 'GFLOP', 'step ms', 'GFLOP/s', 'peak MB', 'time ~ work^', 'memory ~ work^'];
  const rows = series.flatMap(({ axis, name, points, time_growth, memory_growth }) =>
    points.map(({ x, gflop, step_ms, rss_mb }, i) => [
      name,
      axis,
      String(x),
      gflop.toFixed(1),
      step_ms.toFixed(1),
      ((gflop / step_ms) * 1e3).toFixed(1),
      String(rss_mb),
      i === 0 ? time_growth.toFixed(2) : '',
      i === 0 ? memory_growth.toFixed(2) : '',
    ]),
  );
  return { head, rows, left: 2 };
}
