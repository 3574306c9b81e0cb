import { isDeepStrictEqual } from 'node:util';
import { fail } from '../util/error.js';
import type { LineageStep } from './lineage.js';
import type { Lineage } from './lineage-file.js';

/** Two runs held against each other, step by step: who taught whom, and who was ahead. */
export interface Replay {
  /** Steps that both know, up to the first that differs, if one does. */
  readonly equal: number;
  /** Where they part. Counted from 0; `count` over the run. */
  readonly parting: {
    readonly count: number;
    readonly epoch: number;
    readonly step: number;
    readonly one: Pick<LineageStep, 'teachers' | 'winner'>;
    readonly other: Pick<LineageStep, 'teachers' | 'winner'>;
  } | null;
  /** Steps of each run. */
  readonly lengths: readonly [one: number, other: number];
}

/** Finds the first step in which two runs had other teachers or another winner. Runs of other groups are an error. */
export function compareLineages(one: Lineage, other: Lineage, where: string): Replay {
  if (!isDeepStrictEqual(one.networks, other.networks)) {
    fail(where, 'its networks are not those of the run that it is compared with', {
      expected: one.networks.join(', '),
      got: other.networks.join(', '),
    });
  }
  const lengths = [one.steps.length, other.steps.length] as const;
  let equal = 0;
  for (let count = 0; count < Math.min(...lengths); count++) {
    const [a, b] = [one.steps[count], other.steps[count]];
    if (!a || !b) continue;
    if (a.winner !== b.winner || !isDeepStrictEqual(a.teachers, b.teachers)) {
      const place = { count, epoch: Math.floor(count / one.stepsPerEpoch), step: count % one.stepsPerEpoch };
      return { equal, parting: { ...place, one: ranked(a), other: ranked(b) }, lengths };
    }
    equal++;
  }
  if (equal === 0) fail(where, 'the two runs have no step in common that both know of');
  return { equal, parting: null, lengths };
}

function ranked({ teachers, winner }: LineageStep): Pick<LineageStep, 'teachers' | 'winner'> {
  return { teachers, winner };
}
