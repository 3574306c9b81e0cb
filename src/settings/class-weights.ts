import { classCounts, type Dataset } from '../data/dataset/dataset.js';
import { fail } from '../util/error.js';
import { suggestion } from '../util/suggest.js';
import type { Settings } from './settings.js';

type Classes = Pick<Dataset, 'classes' | 'train'>;
type Chosen = Pick<Settings, 'classWeights'>;

/** The weight of each class in the cross-entropy, in the data's order of classes; undefined where all count the same by the settings. */
export function classWeightsOf({ classWeights }: Chosen, { classes, train }: Classes): number[] | undefined {
  if (classWeights === 'none') return undefined;
  if (classWeights === 'balanced') return balancedWeights(train.labels, classes.length);
  if (Array.isArray(classWeights)) return listed(classWeights, classes);
  return named(classWeights, classes);
}

/** n / (classes * count) as scikit-learn's `balanced`, over the classes that have training images; 1 for the others. */
function balancedWeights(labels: Int32Array, classes: number): number[] {
  const counts = classCounts(labels, classes);
  const present = counts.filter((count) => count > 0).length;
  return Array.from(counts, (count) => (count === 0 ? 1 : labels.length / (present * count)));
}

function listed(weights: readonly number[], { length }: readonly string[]): number[] {
  if (weights.length === length) return [...weights];
  return fail('settings', 'classWeights', {
    expected: `a weight for each of the ${length} classes of the data`,
    got: String(weights.length),
    hint: 'List them in the order of `agon data`, or name classes: --class-weights cat=2,dog=0.5 (others: 1)',
  });
}

function named(weights: Readonly<Record<string, number>>, classes: readonly string[]): number[] {
  const unknown = Object.keys(weights).find((name) => !classes.includes(name));
  if (unknown !== undefined) {
    fail('settings', `classWeights: there is no class "${unknown}"`, { hint: suggestion(unknown, classes) });
  }
  const given = new Map(Object.entries(weights));
  return classes.map((name) => given.get(name) ?? 1);
}

/** What is to be said where evening the classes out changes nothing, or is done twice. */
export function balanceNotes(
  { classWeights, sampler }: Pick<Settings, 'classWeights' | 'sampler'>,
  { classes, train }: Classes,
): string[] {
  const even = new Set(classCounts(train.labels, classes.length).filter((count) => count > 0)).size < 2;
  const same = 'all classes have as many training images';
  const balanced = [classWeights === 'balanced', sampler === 'balanced'];
  return [
    ...(even && balanced[0] ? [`classWeights balanced has no effect: ${same}`] : []),
    ...(even && balanced[1] ? [`sampler balanced has hardly any effect: ${same}`] : []),
    ...(!even && balanced[0] && balanced[1]
      ? [
          'classWeights balanced and sampler balanced both even the classes out: together small classes count more than large ones',
        ]
      : []),
  ];
}
