import type { LineageStep } from '../../lineage/lineage.js';
import type { Replay } from '../../lineage/lineage-replay.js';
import { formatCount, formatNumberOf, printable } from '../../report/format.js';
import { labelNetworks } from '../../report/labels.js';
import { at } from '../../util/checked.js';

/** Whether a run replayed another, and else where they part, and what each did there. */
export function replayLines(
  { equal, parting, lengths }: Replay,
  folders: readonly [string, string],
  networks: readonly string[],
): string[] {
  const steps = formatNumberOf(equal, 'step');
  if (!parting) {
    const longer = lengths[0] > lengths[1] ? 0 : 1;
    const more = Math.abs(lengths[0] - lengths[1]);
    const rest = more > 0 ? `; ${printable(folders[longer])} has ${formatCount(more)} more` : '';
    return [`equal: ${steps} in which the same networks taught and were ahead${rest}`];
  }
  const labels = labelNetworks(networks.map((name, index) => ({ name, index })));
  const names = folders.map(printable);
  const width = Math.max(...names.map((name) => name.length));
  const line = (i: 0 | 1, step: Pick<LineageStep, 'teachers' | 'winner'>) =>
    `${at(names, i).padEnd(width)}  ${describeStep(step, labels)}`;
  return [
    `different from epoch ${parting.epoch + 1}, step ${parting.step + 1} on; ${steps} before ${equal === 1 ? 'is' : 'are'} equal`,
    line(0, parting.one),
    line(1, parting.other),
  ];
}

/** `resnet8 #0 was ahead; resnet8 #0 taught resnet8 #1`. */
function describeStep(
  { teachers, winner }: Pick<LineageStep, 'teachers' | 'winner'>,
  labels: readonly string[],
): string {
  const lessons = labels.flatMap((teacher, j) => {
    const students = labels.filter((_, i) => teachers[i]?.[j]);
    return students.length > 0 ? [`${teacher} taught ${students.join(', ')}`] : [];
  });
  return [`${labels[winner]} was ahead`, ...(lessons.length > 0 ? lessons : ['nobody taught'])].join('; ');
}
