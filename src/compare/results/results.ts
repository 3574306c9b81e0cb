import { type Evaluation, type GroupEvaluation, scoreOf } from '../../events/evaluation.js';
import type { RunResult } from '../../store/result.js';
import { at, keysOf, mapTuple } from '../../util/checked.js';
import { fail, present } from '../../util/error.js';
import type { Task } from '../../util/task.js';
import type { PlannedRun } from '../experiment/experiment.js';
import {
  type Compared,
  type InAll,
  MEASURES,
  type Measure,
  MORE_MEASURES,
  type MoreMeasure,
} from '../experiment/measures.js';
import { type MethodSettings, methodSettings } from '../experiment/method-settings.js';
import { holm, mean, type PairedDifference, pairedDifference, type Summary, summarise } from './statistics.js';

export interface Finished {
  readonly run: PlannedRun;
  readonly result: RunResult;
}

/** All seeds of a method with a group. */
export interface MethodResult {
  readonly group: string;
  readonly method: string;
  readonly seeds: readonly number[];
  readonly measures: InAll<Summary>;
  /** Top-1, or mean average precision, of each network of the group at the last epoch. */
  readonly networks: readonly { readonly name: string; readonly accuracy: Summary }[];
  /** Wall time of the training steps of a run. */
  readonly seconds: Summary;
  readonly imagesPerSecond: Summary;
}

/** Two methods with one group over the seeds that both have: a - b, in points. */
export interface MethodDifference {
  readonly group: string;
  readonly a: string;
  readonly b: string;
  readonly seeds: readonly number[];
  readonly difference: PairedDifference;
  /** Each by itself. */
  readonly measures: InAll<PairedDifference>;
  /** p adjusted by Holm for all pairs of the group. */
  readonly adjustedP?: number;
}

/** What a method's name stands for. */
export interface NamedMethod {
  readonly method: string;
  readonly settings: MethodSettings;
}

export interface Comparison {
  readonly task: Task;
  readonly measure: Measure;
  readonly split: 'test' | 'validation';
  readonly methods: readonly MethodResult[];
  readonly differences: readonly MethodDifference[];
  readonly settings: readonly NamedMethod[];
}

/** What finished runs say. Differences to the baseline come first, if there is one. */
export function compareRuns(finished: readonly Finished[], measure: Measure, baseline?: string): Comparison {
  const split = finished.every(({ result }) => result.last.test) ? 'test' : 'validation';
  const cells = groupBy(finished, ({ run }) => JSON.stringify([run.group, run.method]));
  const methods = [...cells.values()].map((members) => methodResult(members, split));
  const groups = new Set(finished.map(({ run }) => run.group));
  const differences = [...groups].flatMap((group) => differencesOf(finished, group, measure, split, baseline));
  const task = finished[0]?.result.settings.task ?? 'single-label';
  return { task, measure, split, methods, differences, settings: namedMethods(finished) };
}

function namedMethods(finished: readonly Finished[]): NamedMethod[] {
  const runs = new Map(finished.map(({ run }) => [run.method, run.settings]));
  const settings = methodSettings([...runs.values()]);
  return [...runs.keys()].map((method, i) => ({ method, settings: at(settings, i) }));
}

type SplitName = Comparison['split'];

function methodResult(members: readonly Finished[], split: SplitName): MethodResult {
  const { group, method } = at(members, 0).run;
  const over = (read: (result: RunResult) => number) => summarise(members.map(({ result }) => read(result)));
  const last = (result: RunResult) => evaluated(result, 'last', split).networks;
  const { networks } = at(members, 0).result;
  return {
    group,
    method,
    seeds: members.map(({ run }) => run.seed),
    measures: inAll(at(members, 0), (compared) => over((result) => measured(result, compared, split))),
    networks: networks.map(({ name }, i) => ({
      name,
      accuracy: over((result) => 100 * scoreAt(last(result), i)),
    })),
    seconds: over(({ seconds }) => seconds),
    imagesPerSecond: over(({ imagesPerSecond }) => imagesPerSecond),
  };
}

function differencesOf(
  finished: readonly Finished[],
  group: string,
  measure: Measure,
  split: SplitName,
  baseline: string | undefined,
): MethodDifference[] {
  const byMethod = groupBy(
    finished.filter(({ run }) => run.group === group),
    ({ run }) => run.method,
  );
  const known = [...byMethod.keys()];
  const names = [...known.filter((name) => name === baseline), ...known.filter((name) => name !== baseline)];
  const pairs = names
    .flatMap((b, i) => names.slice(i + 1).map((a) => pair(byMethod, group, a, b, measure, split)))
    .filter(({ seeds }) => seeds.length > 0);
  const tested = pairs.filter(({ difference }) => difference.p !== undefined);
  const adjusted = holm(tested.map(({ difference }) => present(difference.p, 'p')));
  return pairs.map((each) => {
    const adjustedP = adjusted[tested.indexOf(each)];
    return adjustedP === undefined ? each : { ...each, adjustedP };
  });
}

function pair(
  byMethod: ReadonlyMap<string, readonly Finished[]>,
  group: string,
  a: string,
  b: string,
  measure: Measure,
  split: SplitName,
): MethodDifference {
  const [ofA, ofB] = mapTuple([a, b], (method) => {
    return new Map((byMethod.get(method) ?? []).map(({ run, result }) => [run.seed, result]));
  });
  const seeds = [...ofA.keys()].filter((seed) => ofB.has(seed));
  const over = (compared: Compared) => {
    const of = (results: ReadonlyMap<number, RunResult>) => {
      return seeds.map((seed) => measured(present(results.get(seed), 'a result'), compared, split));
    };
    return pairedDifference(of(ofA), of(ofB));
  };
  const measures = inAll(present([...(byMethod.get(a) ?? [])][0], 'a run'), over);
  return { group, a, b, seeds, difference: measures[measure], measures };
}

/** Something for all that runs of a task are compared in. */
function inAll<T>({ result }: Finished, over: (compared: Compared) => T): InAll<T> {
  const compared = [...keysOf(MEASURES), ...MORE_MEASURES[result.settings.task]];
  return Object.fromEntries(compared.map((each) => [each, over(each)])) as InAll<T>;
}

/** One run's number, in per cent. */
export function measured(result: RunResult, measure: Compared, split: SplitName): number {
  if (isMore(measure)) {
    return 100 * mean(evaluated(result, 'last', split).networks.map((network) => network[measure] ?? Number.NaN));
  }
  const [whose, when] = measure.split('-') as ['mean' | 'winner' | 'ensemble', 'best' | 'last'];
  const { networks, ensemble } = evaluated(result, when, split);
  if (whose === 'ensemble') return 100 * scoreOf(ensemble);
  if (whose === 'winner') return 100 * scoreAt(networks, result.winner);
  return 100 * mean(networks.map(scoreOf));
}

function isMore(measure: Compared): measure is MoreMeasure {
  return Object.values(MORE_MEASURES)
    .flat()
    .some((each) => each === measure);
}

function scoreAt(networks: readonly Evaluation[], i: number): number {
  return scoreOf(at(networks, i));
}

function evaluated(result: RunResult, when: 'best' | 'last', split: SplitName): GroupEvaluation {
  return result[when][split] ?? result[when].validation ?? failUnmeasured(result);
}

function failUnmeasured({ settings }: RunResult): never {
  return fail(settings.data, 'there is nothing to compare runs by', {
    expected: 'a test split, or images held out for validation',
    got: `no test split, and validation ${settings.validation}`,
    hint: 'Hold something out (--validation 0.1) in a new comparison',
  });
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
