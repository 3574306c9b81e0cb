/** The benchmark: `npm run bench -- --help`. What is measured and how: docs/benchmarks/README.md. */
import { AgonError } from '../src/util/error.js';
import { type Arguments, parseArguments, USAGE } from './bench/arguments.js';
import { tableCases } from './bench/cases.js';
import { devicePart, measureDevice, reportDevice } from './bench/devices.js';
import { tuneFirst } from './bench/measure/run-child.js';
import { measureStep } from './bench/measure/step-time.js';
import { profileReport } from './bench/profile/report.js';
import { type Report, writeReport } from './bench/report.js';
import { scalingSeries } from './bench/scaling/cases.js';
import { measureScaling, reportScaling } from './bench/scaling/measure.js';
import { measureTable, reportTable } from './bench/table.js';
import { findTorch } from './bench/torch.js';
import { measureTransfer } from './bench/transfer/measure.js';
import type { TransferOptions } from './bench/transfer/options.js';
import { reportTransfer } from './bench/transfer/report.js';
import { measureVersus, reportVersus } from './bench/versus.js';
import type { Workload } from './bench/workload.js';

try {
  const parsed = parseArguments(process.argv.slice(2));
  if (parsed) await run(parsed);
  else process.stdout.write(USAGE);
} catch (error) {
  if (!(error instanceof AgonError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function run(parsed: Arguments): Promise<void> {
  const { mode, common, steps } = parsed;
  const workload = parsed.workload as Workload;
  switch (mode) {
    case 'step':
      await tuneFirst(workload);
      return print(JSON.stringify(await measureStep(workload, steps)));
    case 'profile':
      return print(await profileReport(workload, steps));
    case 'table':
      return show(parsed, reportTable(await measureTable(parsed.cases, common, steps, tell)));
    case 'scaling':
      return show(
        parsed,
        reportScaling(await measureScaling(scalingSeries(parsed.cases, common), steps, tell)),
        '-scaling',
      );
    case 'device': {
      const workloads = workload ? [workload] : tableCases(parsed.cases, common);
      const result = await measureDevice(workloads, { steps, torchScript: parsed.torchScript, tell });
      return show(parsed, reportDevice(result), devicePart(result));
    }
    case 'versus':
      return show(parsed, await versus(parsed), '-vs-torch');
    case 'transfer': {
      const options = parsed.transfer as TransferOptions;
      return show(parsed, reportTransfer(await measureTransfer(options, tell)), '-transfer');
    }
  }
}

async function versus({ workload, cases, common, rounds, steps, torchScript }: Arguments): Promise<Report> {
  const torch = await findTorch(torchScript);
  const workloads = workload ? [workload] : tableCases(cases, common);
  return reportVersus(await measureVersus(workloads, { torch, rounds, steps, tell }));
}

async function show({ folder }: Arguments, report: Report, part = ''): Promise<void> {
  print(report.terminal.trimEnd());
  if (folder === undefined) return;
  for (const path of await writeReport(report, folder, part)) tell(`wrote ${path}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Progress, beside the results. */
function tell(what: string): void {
  process.stderr.write(`${what}\n`);
}
