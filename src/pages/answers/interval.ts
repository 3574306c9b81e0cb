/** Of the normal distribution: 95 % lie within so many deviations. */
const Z = 1.959964;

/** Wilson's 95 % interval of a share that was found in `count` independent cases (Wilson 1927). */
export function wilson(share: number, count: number): readonly [low: number, high: number] {
  const spread = Z ** 2 / count;
  const middle = (share + spread / 2) / (1 + spread);
  const half = (Z / (1 + spread)) * Math.sqrt((share * (1 - share)) / count + spread / (4 * count));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
