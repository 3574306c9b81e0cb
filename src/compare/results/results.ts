import type { GroupEvaluation } from '../../events/evaluation.js';
import type { RunResult } from '../../store/result.js';
import { at, mapTuple } from '../../util/checked.js';
import { fail, present } from '../../util/error.js';
import type { PlannedRun } from '../experiment/experiment.js';
import { COMPARED, type Compared, type Measure } from '../experiment/measures.js';
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
  readonly measures: Readonly<Record<Compared, Summary>>;
  /** Top-1 of each network of the group at the last epoch. */
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
  readonly measures: Readonly<Record<Compared, PairedDifference>>;
  /** p adjusted by Holm for all pairs of the group. */
  readonly adjustedP?: number;
}

/** What a method's name stands for. */
export interface NamedMethod {
  readonly method: string;
  readonly settings: MethodSettings;
}

export interface Comparison {
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
  return { measure, split, methods, differences, settings: namedMethods(finished) };
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
    measures: inAll((compared) => over((result) => measured(result, compared, split))),
    networks: networks.map(({ name }, i) => ({
      name,
      accuracy: over((result) => 100 * (last(result)[i]?.accuracy ?? 0)),
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
  const measures = inAll(over);
  return { group, a, b, seeds, difference: measures[measure], measures };
}

function inAll<T>(over: (compared: Compared) => T): Record<Compared, T> {
  return Object.fromEntries(COMPARED.map((compared) => [compared, over(compared)])) as Record<Compared, T>;
}

/** One run's number, in per cent. */
export function measured(result: RunResult, measure: Compared, split: SplitName): number {
  if (measure === 'top5' || measure === 'ece') {
    return 100 * mean(evaluated(result, 'last', split).networks.map((network) => network[measure]));
  }
  const [whose, when] = measure.split('-') as ['mean' | 'winner' | 'ensemble', 'best' | 'last'];
  const { networks, ensemble } = evaluated(result, when, split);
  if (whose === 'ensemble') return 100 * ensemble.accuracy;
  if (whose === 'winner') return 100 * (networks[result.winner]?.accuracy ?? Number.NaN);
  return 100 * mean(networks.map(({ accuracy }) => accuracy));
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
