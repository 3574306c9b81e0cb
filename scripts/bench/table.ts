import { type CaseSet, type Common, loaderCases, tableCases } from './cases.js';
import { describeMachine, type Machine, machine } from './machine.js';
import type { CaseResult } from './measure/case.js';
import type { LoaderResult } from './measure/loader.js';
import { runJob, tuneFirst } from './measure/run-child.js';
import { label } from './names.js';
import { percent } from './numbers.js';
import type { Progress, Report } from './report.js';
import { markdownTable, type Rows, terminalTable } from './tables.js';

/** What the benchmark without arguments measures, as it is written to a file. */
export interface TableResult {
  readonly machine: Machine;
  readonly threads: number;
  readonly steps: number;
  readonly cases: readonly CaseResult[];
  readonly loaders: readonly LoaderResult[];
}

/** Measures every case in a process of its own, one after another. */
export async function measureTable(set: CaseSet, common: Common, steps: number, tell: Progress): Promise<TableResult> {
  const cases: CaseResult[] = [];
  for (const workload of tableCases(set, common)) {
    tell(`${workload.nets.map(label).join(',')}, batch ${workload.batch}`);
    await tuneFirst(workload);
    cases.push(await runJob({ kind: 'case', workload, steps }));
  }
  const loaders: LoaderResult[] = [];
  for (const workload of loaderCases(set, common)) {
    tell(`loader at ${workload.size} px`);
    loaders.push(await runJob({ kind: 'loader', workload, steps }));
  }
  return { machine: machine(), threads: common.threads, steps, cases, loaders };
}

export function reportTable(result: TableResult): Report {
  const tables: [string, Rows][] = [
    ['Training step', stepRows(result.cases)],
    ['Start-up, ms', startUpRows(result.cases)],
    ['Images a second', loaderRows(result.loaders)],
  ];
  const where = `${describeMachine(result.machine)}; ${result.threads} threads, ${result.steps} steps`;
  const titled = (render: (rows: Rows) => string, mark: string, gap: string) =>
    tables.map(([title, rows]) => `${mark}${title}\n${gap}${render(rows)}`).join(`\n${gap}`);
  return {
    terminal: `${where}\n${titled(terminalTable, '', '')}\n`,
    markdown: `# Benchmark\n\n${where}\n\n${titled(markdownTable, '## ', '\n')}\n`,
    files: { '.json': `${JSON.stringify(result, null, 2)}\n` },
  };
}

function stepRows(cases: readonly CaseResult[]): Rows {
  const head = ['networks', 'batch', 'px', 'step ms', 'min ms', 'images/s', 'peak MB', 'GFLOP a step'];
  const rates = ['GFLOP/s step', 'GFLOP/s conv.', 'MatMul GFLOP/s', 'step/MatMul', 'conv./MatMul'];
  const rows = cases.map((each) => [
    each.nets,
    String(each.batch),
    String(each.size),
    each.step_ms.toFixed(1),
    each.min_ms.toFixed(1),
    each.images_per_s.toFixed(0),
    String(each.rss_mb),
    each.gflop.toFixed(1),
    each.step_gflops.toFixed(1),
    each.convolution_gflops.toFixed(1),
    each.matmul_gflops.map((peak) => peak.toFixed(0)).join(' '),
    percent(each.step_share),
    percent(each.convolution_share),
  ]);
  return { head: [...head, ...rates], rows };
}

function startUpRows(cases: readonly CaseResult[]): Rows {
  const rows = cases.map(({ nets, start_up: s }) => {
    const times = [s.build_ms, s.lower_ms, s.session_ms, s.state_ms];
    return [nets, ...times.map((ms) => ms.toFixed(0)), times.reduce((a, b) => a + b).toFixed(0), String(s.model_kb)];
  });
  return { head: ['networks', 'build', 'lower', 'session', 'parameters', 'all', 'model KB'], rows };
}

function loaderRows(loaders: readonly LoaderResult[]): Rows {
  const head = ['data', 'networks', 'batch', 'loader', 'loader, cached', 'step', 'both', 'stall'];
  const rows = loaders.map((each) => [
    each.data,
    each.nets,
    String(each.batch),
    each.loader.toFixed(0),
    each.cached?.toFixed(0) ?? '',
    each.step.toFixed(0),
    each.both.toFixed(0),
    percent(each.stall),
  ]);
  return { head, rows, left: 2 };
}
