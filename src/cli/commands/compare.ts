import { cpus } from 'node:os';
import { type Command, Option } from 'commander';
import { type ExecuteOptions, executeRuns, type Failure } from '../../compare/execute.js';
import { type Experiment, type PlannedRun, planRuns } from '../../compare/experiment/experiment.js';
import {
  comparePaths,
  isWhole,
  keepExperiment,
  lockComparison,
  removeHalfWrittenResults,
  unlockComparisonAtOnce,
} from '../../compare/experiment/folder.js';
import { DEFAULT_MEASURE, MEASURES, type Measure } from '../../compare/experiment/measures.js';
import { checkRuns } from '../../compare/preflight.js';
import { listMissing, writeResults } from '../../compare/report.js';
import { checkStored } from '../../compare/results/stored.js';
import { resultTables, type TextTable } from '../../compare/results/tables.js';
import { sentences } from '../../compare/results/wording.js';
import { formatNumberOf, printable } from '../../report/format.js';
import { openRunLog } from '../../report/log/run-log.js';
import { colorsFor } from '../../report/output.js';
import { renderTable } from '../../report/table.js';
import { prepareRunFolder, runPaths } from '../../store/run-folder.js';
import { messageOf } from '../../util/error.js';
import { removeIfEmpty } from '../../util/files/files.js';
import { type ExperimentFlags, settleExperiment } from '../flags/experiment-flags.js';
import { type GivenFlag, givenFlags } from '../flags/merge-settings.js';
import { choiceOption, numberOption } from '../flags/options.js';
import { createOption, SETTING_FLAGS } from '../flags/setting-flags.js';
import { type CliIo, writeLines } from '../io/io.js';
import { failUsage } from '../io/usage-error.js';
import { PROCESS, Stopping } from '../run/stopping.js';
import { formatCompactHelp } from '../text/compact-help.js';
import { CompareProgress } from '../text/compare-progress.js';

interface CompareOptions extends ExperimentFlags {
  readonly out?: string;
  readonly jobs?: number;
  readonly measure?: Measure;
  readonly report?: true;
}

/** Exit code where a run failed. */
const FAILED = 1;

/** Flags of `agon train` that an experiment's shared settings take. */
const BASE_FLAGS = SETTING_FLAGS.filter(({ group, path }) => {
  return (
    ['Data', 'Steps', 'Tuning'].includes(group) || ['device', 'allowFallback', 'threads', 'workers'].includes(path[0])
  );
});

/** `agon compare` */
export function define(command: Command, io: CliIo): void {
  command.argument('[experiment]', 'JSON file of an experiment, or the folder of a comparison');
  for (const flag of BASE_FLAGS) command.addOption(createOption(flag).helpGroup(flag.group));
  const collect = (nets: string, all: readonly string[] = []) => [...all, nets];
  const options = [
    new Option('--group <nets>', 'networks that train together: a,b; repeat it for more groups').argParser(collect),
    new Option('--methods <list>', 'presets to compare: independent,dml,cd-paper,cd-release'),
    new Option('--seeds <n>', 'number of seeds, or a list of them: 0,1,2'),
    new Option('--out <folder>', 'output folder; finished runs in it are kept (runs/compare-<name>)'),
    numberOption('--jobs <n>', 'runs in parallel, which share the cores (1)'),
    choiceOption('--measure <which>', 'measure', Object.keys(MEASURES), `the experiment's, or ${DEFAULT_MEASURE}`),
    new Option('--report', 'write the results of the finished runs, train nothing'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Compare'));
  command.configureHelp({ ...command.configureHelp(), formatHelp: formatCompactHelp });
  command.action(async (file: string | undefined, given: CompareOptions) => {
    const isGiven = (key: string) => command.getOptionValueSource(key) === 'cli';
    const flags = givenFlags(command.opts(), isGiven);
    io.exitCode = await compare(file, given, flags, io);
  });
}

async function compare(
  file: string | undefined,
  options: CompareOptions,
  flags: readonly GivenFlag[],
  io: CliIo,
): Promise<number> {
  const { out, report: onlyReport, jobs = 1 } = options;
  if (onlyReport && (out ?? file) === undefined) failUsage('--report', 'no folder of a comparison is named');
  const { experiment, where, ...named } = await settleExperiment(onlyReport ? (out ?? file) : file, options, flags);
  const measure = options.measure ?? experiment.measure;
  const folder = out ?? named.folder ?? `runs/compare-${experiment.name.replaceAll(/[^\w.-]+/g, '-')}`;
  if (onlyReport) {
    await report(folder, experiment, measure, io);
    return 0;
  }
  const runs = shareCores(planRuns(experiment, where), jobs);
  await prepareRunFolder(folder, { overwrite: true });
  const lock = await lockComparison(folder);
  try {
    return await compareLocked(folder, runs, { experiment, measure, jobs }, io);
  } finally {
    await lock.release();
    await removeIfEmpty(folder);
  }
}

interface Comparing {
  readonly experiment: Experiment;
  readonly measure: Measure;
  readonly jobs: number;
}

async function compareLocked(
  folder: string,
  runs: readonly PlannedRun[],
  { experiment, measure, jobs }: Comparing,
  io: CliIo,
): Promise<number> {
  await removeHalfWrittenResults(folder);
  const open = await openRuns(folder, runs, io);
  await keepExperiment(folder, experiment);
  writeLines(
    io.stdout,
    `${formatNumberOf(runs.length, 'run')}: ${runs.length - open.length} finished, ${open.length} to go, ${jobs} at a time; in ${printable(folder)}`,
  );
  const { status, failures } = await runAll(folder, open, runs.length, jobs, io);
  await report(folder, experiment, measure, io, failures);
  tellFailures(failures, io);
  if (status !== undefined) writeLines(io.stderr, 'stopped; the same command goes on');
  return status?.() ?? (failures.length > 0 ? FAILED : 0);
}

/** The runs that aren't finished, with all checked that can be before they begin. */
async function openRuns(folder: string, runs: readonly PlannedRun[], io: CliIo): Promise<PlannedRun[]> {
  await checkStored(folder, runs);
  const whole = await Promise.all(runs.map((run) => isWhole(folder, run)));
  const open = runs.filter((_, i) => !whole[i]);
  if (open.length > 0) writeLines(io.stdout, 'checking what the runs need');
  await checkRuns(open);
  return open;
}

/** Runs side by side get as many threads as there are cores for each, unless the experiment says otherwise. */
function shareCores(runs: readonly PlannedRun[], jobs: number): PlannedRun[] {
  if (jobs === 1) return [...runs];
  const threads = Math.max(1, Math.floor(cpus().length / jobs));
  return runs.map((run) => ({ ...run, settings: { ...run.settings, threads: run.settings.threads ?? threads } }));
}

async function runAll(folder: string, open: readonly PlannedRun[], planned: number, jobs: number, io: CliIo) {
  const progress = new CompareProgress(planned, planned - open.length, io);
  const logs = new Map<string, ReturnType<typeof openRunLog>>();
  const closeLog = async ({ id }: PlannedRun) => {
    const log = logs.get(id);
    logs.delete(id);
    await log?.close();
  };
  const options: ExecuteOptions = {
    folder,
    jobs,
    onStart: (run, resumed) => {
      const { log } = runPaths(comparePaths(folder).run(run.id));
      logs.set(
        run.id,
        openRunLog(log, {
          onFailure: (failure) => stopping.failAt(log, failure),
          onGap: (message) => progress.say(io.stderr, `warning   ${run.id}: ${message}`),
        }),
      );
      progress.begin(run, resumed);
    },
    onEvent: (run, event) => {
      progress.onEvent(run, event);
      return logs.get(run.id)?.onEvent(event);
    },
    onFinished: async (run) => {
      await closeLog(run);
      progress.end(run);
    },
    onFailed: async (failure) => {
      // The run's error is the one to tell, also where the log has one too: a full disk ends both.
      await closeLog(failure.run).catch(() => undefined);
      progress.fail(failure);
    },
  };
  const execution = executeRuns(open, options);
  const subject = {
    stop: execution.stop,
    unlock: () => {
      progress.close();
      unlockComparisonAtOnce(folder, open);
    },
    note: (message: string) => progress.say(io.stderr, message),
  };
  const stopping = new Stopping(subject, 'stopping after the running steps, with checkpoints', PROCESS, io);
  try {
    const { stopped, failures } = await execution.done;
    return { status: stopped ? () => stopping.status : undefined, failures };
  } finally {
    stopping.settle();
    progress.close();
    for (const log of logs.values()) await log.close().catch(() => undefined);
  }
}

function tellFailures(failures: readonly Failure[], { stderr }: CliIo): void {
  if (failures.length === 0) return;
  const lines = failures.map(({ run, error }) => `  ${run.id}: ${printable(messageOf(error))}`);
  writeLines(stderr, '', `${formatNumberOf(failures.length, 'run')} failed; the same command tries again:`, ...lines);
}

async function report(
  folder: string,
  experiment: Experiment,
  measure: Measure,
  io: CliIo,
  failures: readonly Failure[] = [],
): Promise<void> {
  const { comparison, finished, planned, missing } = await writeResults(folder, experiment, measure, failures);
  if (finished === 0) return writeLines(io.stdout, `none of ${planned} runs has finished`);
  const colors = colorsFor(io.stdout, io.env);
  for (const { title, note, head, rows } of Object.values<TextTable>(resultTables(comparison))) {
    if (rows.length === 0) continue;
    writeLines(
      io.stdout,
      '',
      colors.bold(title),
      ...(note ? [colors.dim(printable(note))] : []),
      renderTable(
        head.map((each) => ({ title: printable(each) })),
        rows.map((cells) => cells.map(printable)),
        colors,
      ),
    );
  }
  const { results, markdown, page } = comparePaths(folder);
  writeLines(
    io.stdout,
    '',
    ...sentences(comparison).map(printable),
    '',
    ...(missing.length > 0 ? [printable(`Missing in these numbers: ${listMissing(missing)}.`), ''] : []),
    `${finished} of ${planned} runs; wrote ${[results, markdown, page].map(printable).join(', ')}`,
  );
}
