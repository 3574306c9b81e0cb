import type { Kill } from './processes.js';
import type { Point, Verdict } from './trial.js';

const WHENS: readonly Kill['when'][] = ['before', 'within', 'after'];

/** Points in order, one a row, with what became of the runs that were killed before, within and after. */
export function markdownTable(points: readonly Point[], verdicts: readonly Verdict[]): string {
  const cell = ({ point, count }: Point, when: Kill['when']) =>
    verdicts.find((each) => each.point === point && each.count === count && each.when === when)?.outcome ?? '';
  const rows = points.map((each) => {
    const cells = WHENS.map((when) => cell(each, when));
    return `| ${each.point.replaceAll('*', '\\*')} | ${each.count} | ${cells.join(' | ')} |`;
  });
  return ['| change to a file | no. | before | within | after |', '|---|---|---|---|---|', ...rows].join('\n');
}
