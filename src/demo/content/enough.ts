/** Pictures of a class without which training can't begin: one is held out, and the others have to differ. */
export const LEAST_PICTURES = 5;
/** Pictures of a class from which on results are worth looking at. */
const GOOD_PICTURES = 20;

/** Whether a class has the pictures that it needs, and that in words. */
export interface Enough {
  readonly state: 'few' | 'some' | 'good';
  readonly text: string;
}

/** What there is to say of the number of a class's pictures. */
export function judgeCount(count: number): Enough {
  const pictures = count === 1 ? '1 picture' : `${count} pictures`;
  if (count < LEAST_PICTURES) {
    const missing = LEAST_PICTURES - count;
    return { state: 'few', text: `${pictures}. ${missing} more to begin with.` };
  }
  if (count < GOOD_PICTURES) return { state: 'some', text: `${pictures}: it can begin. ${GOOD_PICTURES} are better.` };
  return { state: 'good', text: `${pictures}: enough. More different ones are better still.` };
}

/** Why training can't begin with so many pictures of each class; undefined where it can. */
export function missingPictures(
  classes: readonly { readonly name: string; readonly count: number }[],
): string | undefined {
  const short = classes.filter(({ count }) => count < LEAST_PICTURES);
  if (short.length === 0) return undefined;
  const names = short.map(({ name, count }) => `${name} (${LEAST_PICTURES - count} more)`);
  return `Each class needs ${LEAST_PICTURES} pictures or more: ${names.join(', ')}.`;
}
