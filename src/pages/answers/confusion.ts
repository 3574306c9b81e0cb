import { formatNumberOf, formatPercent } from '../../report/format.js';
import type { AssessedSubject, Assessment } from '../../store/assessment.js';
import { at } from '../../util/checked.js';
import type { Answer, Words } from '../content/report-data.js';
import { joined, named } from './said.js';

/** Pairs, or hard classes, that a sentence names. */
const NAMED = 3;

/** Two classes that were taken for each other. */
export interface ConfusedPair {
  /** The class that was taken for the other more often, and the other. */
  readonly classes: readonly [number, number];
  /** How often the first was taken for the second, and the second for the first. */
  readonly counts: readonly [number, number];
}

/** Pairs of classes that are taken for each other, the most frequent first. */
export function confusedPairs(confusion: AssessedSubject['confusion']): ConfusedPair[] {
  const counts = new Map(confusion.map(([own, said, count]) => [`${own} ${said}`, count]));
  const pairs = confusion.flatMap(([own, said, count]): ConfusedPair[] => {
    const back = counts.get(`${said} ${own}`) ?? 0;
    const isMain = count > back || (count === back && own < said);
    return own !== said && isMain ? [{ classes: [own, said], counts: [count, back] }] : [];
  });
  return pairs.sort((a, b) => total(b) - total(a));
}

function total({ counts: [there, back] }: ConfusedPair): number {
  return there + back;
}

/** Which classes are confused; where an image may have several, which are hard. */
export function confusionAnswer({ subjects, winner, classes, task, images, split }: Assessment): Answer {
  const { confusion, perClass } = at(subjects, winner);
  if (task === 'multi-label') return hardClasses(perClass, classes);
  const about = { section: 'confusion', question: 'Which classes are confused?' };
  const pairs = confusedPairs(confusion);
  const mistakes = pairs.reduce((sum, pair) => sum + total(pair), 0);
  if (mistakes === 0) return { ...about, answer: ['None: there is no mistake.'], detail: [], tone: 'good' };
  const worst = pairs.slice(0, NAMED).map(({ classes: [a, b], counts: [there, back] }): Words => {
    return [named(at(classes, a)), ' with ', named(at(classes, b)), ` (${there + back} times)`];
  });
  const [
    {
      classes: [own, said],
      counts: [there, back],
    },
  ] = pairs as [ConfusedPair];
  const first: Words = [
    named(at(classes, own)),
    ' was taken for ',
    named(at(classes, said)),
    ` ${formatNumberOf(there, 'time')}, `,
  ];
  return {
    ...about,
    answer: [
      'Most often ',
      ...joined(worst, ', '),
      ` of ${formatNumberOf(mistakes, 'mistake')} on ${formatNumberOf(images, split === 'all' ? 'image' : `${split} image`)}.`,
    ],
    detail: [...first, `the other way ${back}.`, ...hardest(perClass, classes)],
    tone: 'attention',
  };
}

/** The class that was found least. */
function hardest(perClass: AssessedSubject['perClass'], classes: readonly string[]): Words {
  const found = perClass.map(({ recall, support }, i) => ({ name: classes[i] ?? '', recall, support }));
  const [least] = found.filter(({ support }) => support > 0).sort((a, b) => (a.recall ?? 0) - (b.recall ?? 0));
  if (!least) return [];
  const share = formatPercent(least.recall ?? 0, 0);
  return [
    ' The hardest class is ',
    named(least.name),
    `: ${share} of its ${formatNumberOf(least.support, 'image')} are recognised.`,
  ];
}

function hardClasses(perClass: AssessedSubject['perClass'], classes: readonly string[]): Answer {
  const about = { section: 'classes', question: 'Which classes are hard?' };
  const there = perClass.map((each, i) => ({ ...each, name: classes[i] ?? '' })).filter(({ support }) => support > 0);
  const worst = there.sort((a, b) => (a.f1 ?? 0) - (b.f1 ?? 0)).slice(0, NAMED);
  if (worst.length === 0) return { ...about, answer: ['No image has a class.'], detail: [], tone: 'neutral' };
  const words = worst.map(({ name, f1 }): Words => [named(name), ` (F1 ${formatPercent(f1 ?? 0, 0)})`]);
  const detail = ['F1 is high where few are missed and few are claimed wrongly.'];
  return { ...about, answer: ['Hardest: ', ...joined(words, ', '), '.'], detail, tone: 'attention' };
}
