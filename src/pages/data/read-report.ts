import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { readLineage } from '../../lineage/lineage-file.js';
import { readWeightsRecord } from '../../pretrained/record.js';
import { labelNetworks } from '../../report/labels.js';
import { checkLogVersion } from '../../report/log/log-version.js';
import type { Settings } from '../../settings/settings.js';
import { type Assessment, readAssessment } from '../../store/assessment.js';
import { readCheckpoint } from '../../store/checkpoint.js';
import { readDataRecord } from '../../store/data-record.js';
import { type RunResult, readResult } from '../../store/result.js';
import { readRunSettings, runPaths } from '../../store/run-folder.js';
import { AgonError } from '../../util/error.js';
import { answersOf } from '../answers/answers.js';
import type { ReportData, ReportedNetwork } from '../content/report-data.js';
import { duplicatesOf } from './duplicates.js';
import { commandsOf, costOf, environmentOf, progressOf, quoted, settingsOf } from './facts.js';
import { LogTail } from './log-tail.js';
import { loggedEpochs, loggedEvent } from './logged-events.js';
import { RunLog } from './run-log.js';

/**
 * Reads what a run's folder says, as often as wanted; of the log only what has come since the last time. Works while the run goes on.
 *
 * @param folder - Of the run. One without a run is an error.
 */
export class ReportReader {
  readonly #tail: LogTail;
  #log = new RunLog();

  constructor(private readonly folder: string) {
    this.#tail = new LogTail(runPaths(folder).log);
  }

  /** All that the folder says now. */
  async read(): Promise<ReportData> {
    const { folder } = this;
    const paths = runPaths(folder);
    const settings = await readRunSettings(folder);
    await this.#readLog(paths.log);
    const log = this.#log.start ? this.#log : await logFromOthers(folder);
    const [result, assessment] = [await readResult(paths.result), await readAssessment(paths.assessment)];
    const [weights, record] = [await readWeightsRecord(paths.weights), await readDataRecord(paths.data)];
    const { start, epochs, curves, parity } = log;
    const duplicates = record && duplicatesOf(record.content);
    const networks = networksOf(result?.networks ?? start?.networks, settings);
    const steps = curves?.steps ?? 0;
    const run = {
      name: basename(resolve(folder)),
      state: stateOf(result, log),
      task: settings.task,
      networks,
      ...(result && { winner: result.winner, best: result.best, last: result.last }),
      progress: progressOf(epochs, steps, settings, start),
      epochs,
      ...(curves && { curves }),
      ...(log.teaching?.teaching && networks.length > 1 && { teaching: log.teaching.teaching }),
      perturbations: { ...log.perturbations, trials: log.teaching?.trials ?? [] },
      ...(assessment && { assessment }),
      data: { ...dataOf(log, settings, assessment), ...(duplicates && { duplicates }) },
      messages: log.messages,
      cost: costOf(epochs, start, result, await sizeOf(paths.winner)),
      settings: settingsOf(settings),
      environment: environmentOf({ settings, start, result, weights, parity }),
      commands: commandsOf(folder, paths.config, result !== undefined, assessment !== undefined),
    };
    return { ...run, answers: answersOf(run, assessment, quoted(folder)) };
  }

  #readLog(path: string): Promise<void> {
    const onLine = (line: string) => {
      checkLogVersion(line, path);
      const event = loggedEvent(line);
      if (event) this.#log.add(event);
    };
    return this.#tail.read(onLine, () => {
      this.#log = new RunLog();
    });
  }
}

/** All that a run's folder says; see {@link ReportReader}. */
export function readReportData(folder: string): Promise<ReportData> {
  return new ReportReader(folder).read();
}

function stateOf(result: RunResult | undefined, { ended }: RunLog): ReportData['state'] {
  if (result) return 'finished';
  return ended === 'stopped' ? 'stopped' : 'running';
}

function networksOf(
  known: readonly { readonly name: string; readonly parameters: number }[] | undefined,
  { nets }: Settings,
) {
  const networks = known ?? nets.map((net) => ({ name: typeof net === 'string' ? net : net.family }));
  const labels = labelNetworks(networks.map(({ name }, index) => ({ index, name })));
  return networks.map((network, i): ReportedNetwork => {
    const label = labels[i] ?? '';
    return 'parameters' in network ? { label, parameters: network.parameters } : { label };
  });
}

function dataOf({ start }: RunLog, { data }: Settings, assessment: Assessment | undefined): ReportData['data'] {
  if (start) return start.data;
  const classes = assessment?.classes.map((name) => ({ name, counts: [] })) ?? [];
  return { name: data, splits: [], classes };
}

/** What a run without a log says of its steps and epochs: its lineage and its last checkpoint. */
async function logFromOthers(folder: string): Promise<RunLog> {
  const { lineage, last } = runPaths(folder);
  const log = new RunLog();
  const missing = (error: unknown) => {
    if (error instanceof AgonError) return undefined;
    throw error;
  };
  const steps = await readLineage(lineage).catch(missing);
  if (steps) log.addLineage(steps);
  const checkpoint = await readCheckpoint(last).catch(missing);
  for (const epoch of loggedEpochs(checkpoint?.epochs ?? [])) log.add(epoch);
  return log;
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}
