import type { TeacherRule } from '../../src/distill/teachers.js';

/**
 * Who teaches whom, entry by entry: network j teaches i when the rule says so, and i's teachers share its loss equally.
 * A network's place is the number of networks before it: with a lower cross-entropy, or the same and a lower index.
 */
export function teacherTable(ce: readonly number[], rule: TeacherRule, topK: number): number[][] {
  const n = ce.length;
  const place = ce.map((own, i) => {
    let before = 0;
    for (let j = 0; j < n; j++) {
      const other = ce[j] as number;
      if (other < own || (other === own && j < i)) before++;
    }
    return before;
  });
  const table: number[][] = [];
  for (let i = 0; i < n; i++) {
    const row: number[] = [];
    for (let j = 0; j < n; j++) {
      let teaches = i !== j;
      if (rule === 'none') teaches = false;
      if (rule === 'argmin') teaches &&= place[j] === 0;
      if (rule === 'top-k') teaches &&= (place[j] as number) < topK;
      if (rule === 'all-better') teaches &&= (ce[j] as number) < (ce[i] as number);
      row.push(teaches ? 1 : 0);
    }
    const teachers = row.filter((entry) => entry === 1).length;
    table.push(row.map((entry) => (teachers === 0 ? 0 : entry / teachers)));
  }
  return table;
}
