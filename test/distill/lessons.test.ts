import { describe, expect, it } from 'vitest';
import { buildLessons } from '../../src/distill/lessons.js';
import { TEACHER_LOGITS } from '../../src/distill/step.js';
import { TEACHER_RULES } from '../../src/distill/teachers.js';
import { type Tensor, tensor } from '../../src/onnx/tensor.js';
import { parseSettings, type SettingsInput } from '../../src/settings/settings.js';
import { stream } from '../../src/util/random.js';
import { crossEntropyLoop, klLoop, matrix, rowsOf, softmaxRow } from '../losses/loops.js';
import { runGraph } from '../support/run.js';
import { teacherTable } from './rules.js';

const [NETWORKS, BATCH, CLASSES] = [3, 4, 5];
const TEACHER = { model: 'frozen', weight: 0.3, temperature: 2.5 };

const random = stream(3, 'lessons');
const drawLogits = () =>
  matrix(Array.from({ length: BATCH }, () => Array.from({ length: CLASSES }, () => 2 * random.normal())));
const logits = Array.from({ length: NETWORKS }, drawLogits);
const frozen = drawLogits();
const labels = [0, 3, 1, 4];
const ce = logits.map(({ rows }) => crossEntropyLoop(rows, labels));

async function run(overrides: SettingsInput) {
  const settings = parseSettings({ alpha: 0.7, temperature: TEACHER.temperature, topK: 2, ...overrides });
  const graph = buildLessons({ networks: NETWORKS, batch: BATCH, classes: CLASSES }, settings);
  const own = logits.map((each, i) => [`net${i}.logits`, each.tensor] as const);
  return runGraph(graph, {
    labels: tensor('int64', [BATCH], labels),
    ...Object.fromEntries(own),
    ...(settings.teacher && { [TEACHER_LOGITS]: frozen.tensor }),
  });
}

/** What a network is taught about an image, by plain loops. */
function expectedLesson(weights: readonly number[], alpha: number, fromFrozen: number, n: number): number[] {
  const soften = (row: readonly number[] | undefined) =>
    softmaxRow((row as readonly number[]).map((z) => z / TEACHER.temperature));
  const lesson = soften(frozen.rows[n]).map((p) => fromFrozen * p);
  weights.forEach((weight, j) => {
    soften(logits[j]?.rows[n]).forEach((p, c) => {
      lesson[c] = (lesson[c] as number) + alpha * weight * p;
    });
  });
  return lesson;
}

describe('lessons', () => {
  it.each(TEACHER_RULES.flatMap((rule) => [null, TEACHER].map((teacher) => [rule, teacher] as const)))(
    'of the rule %s, frozen teacher %o, are the weighted probabilities of the teachers',
    async (rule, teacher) => {
      const results = await run({ rule, teacher });
      const table = teacherTable(ce, rule, 2);
      expect(rowsOf(results.teachers as Tensor)).toEqual(table.map((row) => row.map(Math.fround)));
      const taught = Object.keys(results).filter((name) => name.endsWith('.lesson'));
      if (rule === 'none' && teacher === null) return expect(taught).toEqual([]);
      expect(taught.length).toBe(NETWORKS);
      table.forEach((weights, i) => {
        rowsOf(results[`net${i}.lesson`] as Tensor).forEach((row, n) => {
          const expected = expectedLesson(weights, rule === 'none' ? 0 : 0.7, teacher?.weight ?? 0, n);
          row.forEach((p, c) => {
            expect(p).toBeCloseTo(expected[c] as number, 6);
          });
        });
      });
    },
  );

  it('come with the losses of the step', async () => {
    const results = await run({ rule: 'argmin', teacher: TEACHER });
    const best = ce.indexOf(Math.min(...ce));
    const [losses, kl, kd] = ['ce', 'kl', 'kd'].map((name) => Array.from(results[name]?.data as Float32Array)) as [
      number[],
      number[],
      number[],
    ];
    logits.forEach(({ rows }, i) => {
      const fromBest = i === best ? 0 : klLoop(rows, logits[best]?.rows ?? [], TEACHER.temperature);
      expect(losses[i]).toBeCloseTo(ce[i] as number, 5);
      expect(kl[i]).toBeCloseTo(fromBest, 5);
      expect(kd[i]).toBeCloseTo(klLoop(rows, frozen.rows, TEACHER.temperature), 5);
    });
  });
});
