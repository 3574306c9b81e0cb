/** The scope of the i-th network's nodes in a step. */
export const networkScope = (i: number) => `net${i}`;

/** The prefix of the i-th network's names in a step. */
export const networkPrefix = (i: number) => `${networkScope(i)}.`;

/** The name under which a step returns the next value of a state tensor. */
export const nextName = (name: string) => `${name}.next`;

/** What the i-th network alone is fed in a step with own inputs (see `StepGraph`). */
export function ownInputNames(i: number) {
  const prefix = networkPrefix(i);
  return { images: `${prefix}images`, partners: `${prefix}partners`, lambda: `${prefix}lambda` } as const;
}

/** The input for the logits of a frozen teacher. */
export const TEACHER_LOGITS = 'teacher.logits';

/** The weight by which student i's features are projected onto those of teacher j. */
export const projectionName = (i: number, j: number) => `${networkPrefix(i)}projection${j}.weight`;
