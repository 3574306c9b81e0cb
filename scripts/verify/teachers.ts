import type { TeacherRule } from '../../src/distill/teachers.js';

/** The teachers' weights by plain loops over the networks' cross-entropies: row i has network i's teachers. */
export function expectedTeachers(ce: readonly number[], rule: TeacherRule, topK: number): number[][] {
  const ranking = ce.map((_, i) => i).sort((a, b) => (ce[a] as number) - (ce[b] as number) || a - b);
  return ce.map((own, i) => {
    const others = ce.map((_, j) => j).filter((j) => j !== i);
    const teachers = {
      argmin: () => others.filter((j) => j === ranking[0]),
      'all-better': () => others.filter((j) => (ce[j] as number) < own),
      'top-k': () => others.filter((j) => ranking.indexOf(j) < topK),
      all: () => others,
      none: () => [],
    }[rule]();
    return ce.map((_, j) => (teachers.includes(j) ? 1 / teachers.length : 0));
  });
}
