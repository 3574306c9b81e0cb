import { lower } from '../../../src/lower/lower.js';
import { stream } from '../../../src/util/random.js';
import { buildCase, sampleCase } from '../../autodiff/case-graph.js';
import { CASES, type GradientCase } from '../../autodiff/cases.js';
import { FOREIGN_CASES } from '../../autodiff/foreign-cases.js';
import { openSession, runOnce } from './graph-session.js';
import type { Answers } from './jobs.js';
import type { Place } from './places.js';

const ROWS = [...CASES, ...FOREIGN_CASES];
const titleOf = ({ op, note }: GradientCase) => `${op}${note ? ` (${note})` : ''}`;

/** The titles of all rows of the table of gradient rules. */
export const CASE_TITLES = ROWS.map(titleOf);

/** Each operator that has a gradient rule, forwards, and its gradient: for a row without kernels there is no output. */
export async function answerCases(place: Place): Promise<Answers> {
  const answers: Record<string, Record<string, number[]>> = {};
  for (const row of ROWS) {
    const random = stream(23, row.op, row.note ?? '');
    const feeds = Object.fromEntries(sampleCase(row, random).map((x, i) => [`x${i}`, x]));
    const graph = lower(buildCase(row, random).graph, place.target);
    answers[titleOf(row)] = await openSession(graph, place)
      .then((session) => runOnce(session, feeds))
      .catch((error: unknown) => failOn(place, error));
  }
  return answers;
}

function failOn({ device }: Place, error: unknown): Record<string, number[]> {
  if (device.kind.name === 'cpu') throw error;
  return {};
}
