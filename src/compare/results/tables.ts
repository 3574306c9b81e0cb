import { keysOf } from '../../util/checked.js';
import { present } from '../../util/error.js';
import { MEASURES, type Measure, type MoreMeasure, scoreName } from '../experiment/measures.js';
import { differingKeys, formatSetting } from '../experiment/method-settings.js';
import type { Comparison } from './results.js';
import { formatDifference, formatP, formatSigned, formatSize, formatSummary, verdict } from './wording.js';

/** A table as text: what every form of the report shows. */
export interface TextTable {
  readonly title: string;
  /** What the headings mean. */
  readonly note?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Results by method, differences between methods, and what the methods are: in this order, with no rows where there is nothing to say. */
export function resultTables(comparison: Comparison) {
  return {
    methods: methodTable(comparison),
    others: otherTable(comparison),
    costs: costTable(comparison),
    differences: differenceTable(comparison),
    otherDifferences: otherDifferenceTable(comparison),
    settings: settingTable(comparison),
  } satisfies Record<string, TextTable>;
}

function methodTable({ task, methods, measure, split }: Comparison): TextTable {
  return {
    title: `${titleOf(task)} on the ${split} split, %: ${MEASURES[measure]}`,
    head: ['group', 'method', 'seeds', 'mean ± sd [95 % interval]', 'each network'],
    rows: methods.map((each) => [
      each.group,
      each.method,
      String(each.seeds.length),
      formatSummary(each.measures[measure]),
      each.networks.map(({ accuracy }) => accuracy.mean.toFixed(2)).join(' / '),
    ]),
  };
}

function otherTable(comparison: Comparison): TextTable {
  const { methods, measure, split } = comparison;
  const others = othersThan(measure);
  const more = moreMeasures(comparison);
  return {
    title: `Other measures on the ${split} split, %: mean ± sd`,
    note: [
      ...others.map((other) => `${other}: ${MEASURES[other]}`),
      `${more.map(({ meaning }) => meaning).join(' and ')}: mean of the networks, last epoch`,
    ].join('; '),
    head: ['group', 'method', ...others, ...more.map(({ title }) => title)],
    rows: methods.map((each) => [
      each.group,
      each.method,
      ...[...others, ...more.map(({ key }) => key)].map((compared) => {
        const { interval: _, ...rest } = present(each.measures[compared], compared);
        return formatSummary(rest);
      }),
    ]),
  };
}

function costTable({ methods }: Comparison): TextTable {
  return {
    title: 'Cost of a run: mean over seeds',
    note: 'training steps: their wall time, without validation; images/s: training images a second, each seen by all networks',
    head: ['group', 'method', 'training steps, s', 'images/s'],
    rows: methods.map(({ group, method, seconds, imagesPerSecond }) => {
      return [group, method, seconds.mean.toFixed(1), imagesPerSecond.mean.toFixed(0)];
    }),
  };
}

function differenceTable({ differences, measure, split }: Comparison): TextTable {
  return {
    title: `Differences over equal seeds, points on the ${split} split: ${MEASURES[measure]}`,
    note:
      'p: paired t test; p (Holm): adjusted for all pairs of the group; detectable: the smallest true difference that as ' +
      'many seeds with this spread tell from zero with 80 % power, (t(0.975, n−1) + t(0.8, n−1)) · sd / √n, before adjustment',
    head: ['group', 'methods', 'seeds', 'difference', '95 % interval', 'p', 'p (Holm)', 'detectable', 'verdict'],
    rows: differences.map((each) => [
      each.group,
      `${each.a} − ${each.b}`,
      String(each.seeds.length),
      formatSigned(each.difference.mean),
      each.difference.interval?.map((x) => formatSigned(x)).join(' to ') ?? '-',
      formatP(each.difference.p),
      formatP(each.adjustedP),
      formatSize(each.difference.detectable),
      verdict(each),
    ]),
  };
}

function otherDifferenceTable(comparison: Comparison): TextTable {
  const { differences, measure, split } = comparison;
  const others = othersThan(measure);
  const more = moreMeasures(comparison);
  return {
    title: `Differences in other measures on the ${split} split, points [95 % interval]`,
    note: 'each interval by itself, without adjustment',
    head: ['group', 'methods', ...others, ...more.map(({ title }) => title)],
    rows: differences.map((each) => [
      each.group,
      `${each.a} − ${each.b}`,
      ...[...others, ...more.map(({ key }) => key)].map((compared) =>
        formatDifference(present(each.measures[compared], compared)),
      ),
    ]),
  };
}

function settingTable({ settings }: Comparison): TextTable {
  const differing = differingKeys(settings.map((each) => each.settings));
  const [first] = settings;
  const shared = Object.entries(first?.settings ?? {}).filter(([key]) => {
    return key !== 'preset' && !differing.some((own) => own === key);
  });
  return {
    title: 'What the methods are',
    note: `the same for all: ${shared.map(([key, value]) => `${key} ${formatSetting(value)}`).join('; ')}`,
    head: ['method', 'preset', ...differing],
    rows: settings.map((each) => [
      each.method,
      formatSetting(each.settings.preset),
      ...differing.map((key) => formatSetting(each.settings[key])),
    ]),
  };
}

interface More {
  readonly key: MoreMeasure;
  readonly title: string;
  readonly meaning: string;
}

const TOP5: More = { key: 'top5', title: 'top-5', meaning: 'top-5' };
const ECE: More = { key: 'ece', title: 'ECE', meaning: 'ECE (expected calibration error)' };
const F1: readonly More[] = [
  { key: 'microF1', title: 'micro-F1', meaning: 'micro-F1' },
  { key: 'macroF1', title: 'macro-F1', meaning: 'macro-F1' },
];

/** Without top-5 where it says nothing: with five classes or fewer it is 100 % everywhere. */
function moreMeasures({ task, methods }: Comparison): readonly More[] {
  if (task === 'multi-label') return F1;
  const saysNothing = methods.every(({ measures: { top5 } }) => top5?.mean === 100);
  return saysNothing ? [ECE] : [TOP5, ECE];
}

/** `Top-1`, at the beginning of a title. */
export function titleOf(task: Comparison['task']): string {
  const name = scoreName(task);
  return name === 'top-1' ? 'Top-1' : name;
}

function othersThan(measure: Measure): Measure[] {
  return keysOf(MEASURES).filter((each) => each !== measure);
}
