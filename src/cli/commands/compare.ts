import { type Command, Option } from 'commander';
import { type Experiment, type PlannedRun, planRuns } from '../../compare/experiment/experiment.js';
import {
  keepExperiment,
  keepSameExperiment,
  lockComparison,
  removeHalfWrittenResults,
} from '../../compare/experiment/folder.js';
import { DEFAULT_MEASURE, MEASURES, type Measure } from '../../compare/experiment/measures.js';
import { readPlan } from '../../compare/experiment/run-status.js';
import { type Selection, selectRuns } from '../../compare/experiment/selection.js';
import { writeResults } from '../../compare/report.js';
import { formatNumberOf } from '../../report/format.js';
import { colorsFor } from '../../report/output.js';
import { prepareRunFolder } from '../../store/run-folder.js';
import { removeIfEmpty } from '../../util/files/files.js';
import { type ExperimentFlags, settleExperiment } from '../flags/experiment-flags.js';
import { type GivenFlag, givenFlags } from '../flags/merge-settings.js';
import { choiceOption, numberOption, queueOption } from '../flags/options.js';
import { createOption, SETTING_FLAGS } from '../flags/setting-flags.js';
import { shardOption } from '../flags/shard.js';
import { type CliIo, writeLines } from '../io/io.js';
import { failUsage } from '../io/usage-error.js';
import { threadsEach } from '../run/threads-each.js';
import { formatCompactHelp } from '../text/compact-help.js';
import { comparisonLines, planLines } from '../text/comparison-text.js';

interface CompareOptions extends ExperimentFlags {
  readonly out?: string;
  readonly jobs?: number;
  readonly measure?: Measure;
  readonly plan?: true;
  readonly json?: true;
  readonly run?: number;
  readonly shard?: Selection;
  readonly collect?: true;
  readonly queue?: string;
  readonly watch?: true;
  readonly pause?: true;
  readonly continue?: true;
  readonly cancel?: true;
}

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
    new Option('--plan', 'list the runs with their numbers and how each stands, train nothing'),
    numberOption('--run <i>', 'do one run of the plan: its number, from 0', { whole: true, from: 0 }),
    shardOption(),
    new Option('--json', 'with --plan: print JSON'),
    new Option('--collect', 'write the results of the finished runs, train nothing'),
    queueOption('let the workers of a queue do the runs, and collect them'),
    new Option('--watch', "with --queue: show the queue's comparisons and workers"),
    new Option('--pause', 'with --queue: let workers begin no more of its runs'),
    new Option('--continue', 'with --queue: let them begin again'),
    new Option('--cancel', 'with --queue: take it out of the queue; finished runs stay'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Compare'));
  command.configureHelp({ ...command.configureHelp(), formatHelp: formatCompactHelp });
  command.action(async (file: string | undefined, given: CompareOptions) => {
    const isGiven = (key: string) => command.getOptionValueSource(key) === 'cli';
    const flags = givenFlags(command.opts(), isGiven);
    io.exitCode = await compare(file, given, flags, io);
  });
}

/** What a comparison is called with, settled. */
interface Comparing {
  readonly folder: string;
  readonly experiment: Experiment;
  readonly runs: readonly PlannedRun[];
  readonly measure: Measure;
  readonly jobs: number;
  /** Address of the queue whose workers do the runs, if any. */
  readonly queue: string | undefined;
}

/** What is asked for of a comparison, which is settled where that needs it. */
type Mode = (settle: () => Promise<Comparing>, io: CliIo) => Promise<number>;

async function compare(
  file: string | undefined,
  options: CompareOptions,
  flags: readonly GivenFlag[],
  io: CliIo,
): Promise<number> {
  const mode = modeOf(options);
  const { out, jobs = 1, collect, queue } = options;
  if (queue !== undefined && options.jobs !== undefined) {
    failUsage('--jobs', 'each worker has its own', { hint: 'agon worker --jobs' });
  }
  if (collect && (out ?? file) === undefined) failUsage('--collect', 'no folder of a comparison is named');
  const settle = async (): Promise<Comparing> => {
    const { experiment, where, ...named } = await settleExperiment(collect ? (out ?? file) : file, options, flags);
    const measure = options.measure ?? experiment.measure;
    const folder = out ?? named.folder ?? `runs/compare-${experiment.name.replaceAll(/[^\w.-]+/g, '-')}`;
    return { folder, experiment, runs: shareCores(planRuns(experiment, where), jobs), measure, jobs, queue };
  };
  return mode(settle, io);
}

/** What the flags ask for, of which one at most is given. */
function modeOf(options: CompareOptions): Mode {
  const { plan, json, run, shard, collect } = options;
  if (json && !plan) failUsage('--json', 'it is for --plan');
  const modes: (readonly [flag: string, mode: Mode])[] = [
    ...(plan ? [mode('--plan', async (settle, io) => tellPlan(await settle(), json === true, io))] : []),
    ...(run === undefined ? [] : [mode('--run', async (settle, io) => doSelection(await settle(), { run }, io))]),
    ...(shard ? [mode('--shard', async (settle, io) => doSelection(await settle(), shard, io))] : []),
    ...(collect ? [mode('--collect', async (settle, io) => collectResults(await settle(), io))] : []),
    ...queueModes(options),
  ];
  const [first, second] = modes;
  if (first && second) failUsage(second[0], `${first[0]} is given as well`, { hint: 'Give one of them' });
  return first?.[1] ?? compareAll;
}

const mode = (flag: string, own: Mode) => [flag, own] as const;

/** Those that are about a queue. */
function queueModes({ queue, watch, pause, cancel, continue: goOn }: CompareOptions) {
  const flags = { watch, pause, continue: goOn, cancel };
  const [given] = Object.entries(flags).filter(([, isGiven]) => isGiven);
  if (given && queue === undefined) failUsage(`--${given[0]}`, 'it is for --queue');
  if (queue === undefined) return [];
  const load = () => import('../run/queue-modes.js');
  const pausing = (paused: boolean): Mode => {
    return async (settle, io) => (await load()).pauseQueued((await settle()).folder, queue, paused, io);
  };
  const cancelling: Mode = async (settle, io) => {
    const { folder, runs } = await settle();
    return (await load()).cancelQueued(folder, runs, queue, io);
  };
  const modes = [
    ...(watch ? [mode('--watch', async (_, io) => (await load()).watchQueue(queue, io))] : []),
    ...(pause ? [mode('--pause', pausing(true))] : []),
    ...(goOn ? [mode('--continue', pausing(false))] : []),
    ...(cancel ? [mode('--cancel', cancelling)] : []),
  ];
  return modes.length > 0 ? modes : [mode('--queue', compareAll)];
}

/** All runs, in this process or by the workers of a queue, and the results of them. */
async function compareAll(settle: () => Promise<Comparing>, io: CliIo): Promise<number> {
  const { folder, experiment, runs, measure, jobs, queue } = await settle();
  const { doRuns, endRuns } = await import('../run/compared-runs.js');
  await prepareRunFolder(folder, { overwrite: true });
  const lock = await lockComparison(folder);
  try {
    await removeHalfWrittenResults(folder);
    const hooks = { io, onChecked: () => keepExperiment(folder, experiment) };
    const outcome = await (queue === undefined
      ? doRuns(folder, runs, jobs, hooks)
      : (await import('../run/queued-runs.js')).queueRuns({ folder, experiment, runs, queue }, hooks));
    await writeAndTell({ folder, experiment, measure }, io, outcome.failures);
    return endRuns(outcome, io);
  } finally {
    await lock.release();
    await removeIfEmpty(folder);
  }
}

/** Some of the runs, in a folder that other processes do others in at the same time: each run has its lock. */
async function doSelection(comparing: Comparing, selection: Selection, io: CliIo): Promise<number> {
  const { folder, experiment, jobs } = comparing;
  const { doRuns, endRuns } = await import('../run/compared-runs.js');
  const runs = selectRuns(comparing.runs, selection);
  if (runs.length === 0) {
    writeLines(io.stdout, `no run is in this shard: the plan has ${formatNumberOf(comparing.runs.length, 'run')}`);
    return 0;
  }
  await prepareRunFolder(folder, { overwrite: true });
  try {
    const onChecked = () => keepSameExperiment(folder, experiment);
    return endRuns(await doRuns(folder, runs, jobs, { io, onChecked }), io);
  } finally {
    await removeIfEmpty(folder);
  }
}

async function tellPlan({ folder, runs }: Comparing, asJson: boolean, io: CliIo): Promise<number> {
  const plan = await readPlan(folder, runs);
  const lines = asJson ? [JSON.stringify(plan, undefined, 1)] : planLines(folder, plan, colorsFor(io.stdout, io.env));
  writeLines(io.stdout, ...lines);
  return 0;
}

async function collectResults(comparing: Comparing, io: CliIo): Promise<number> {
  await writeAndTell(comparing, io);
  return 0;
}

async function writeAndTell(
  { folder, experiment, measure }: Pick<Comparing, 'folder' | 'experiment' | 'measure'>,
  io: CliIo,
  failures: Parameters<typeof writeResults>[3] = [],
): Promise<void> {
  const written = await writeResults(folder, experiment, measure, failures);
  writeLines(io.stdout, ...comparisonLines(folder, written, colorsFor(io.stdout, io.env)));
}

/** Runs side by side get as many threads as there are cores for each, unless the experiment says otherwise. */
function shareCores(runs: readonly PlannedRun[], jobs: number): PlannedRun[] {
  const threads = threadsEach(jobs);
  if (threads === undefined) return [...runs];
  return runs.map((run) => ({ ...run, settings: { ...run.settings, threads: run.settings.threads ?? threads } }));
}
