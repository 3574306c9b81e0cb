import type { Float64Run } from './float64-run.js';
import type { Quantity } from './quantity.js';

/** How many elements of piecewise operators took another side of a kink than their own, in all steps. */
export interface SideCount {
  readonly crossed: number;
  readonly elements: number;
}

export function countSides({ kinks }: Float64Run): SideCount {
  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
  return {
    crossed: total(kinks.map(({ crossings }) => crossings.length)),
    elements: total(kinks.map(({ elements }) => elements)),
  };
}

/** The element that is farthest from the side that it took. */
export function compareSides(run: Float64Run, tolerance: number): Quantity {
  const crossings = run.kinks.flatMap(({ crossings }, k) => crossings.map((crossing) => ({ ...crossing, k })));
  const [farthest] = crossings.sort((a, b) => b.distance - a.distance);
  return {
    name: 'sides',
    deviation: farthest?.distance ?? 0,
    tolerance,
    compared: countSides(run).elements,
    worst: farthest ? `step ${farthest.k}: ${farthest.node}[${farthest.element}]` : '-',
  };
}

/** A sentence. */
export function describeSides({ crossed, elements }: SideCount): string {
  const [some, all] = [crossed, elements].map((count) => count.toLocaleString('en'));
  const which = 'outputs of Relu, Clip and MaxPool';
  if (crossed === 0) return `all ${all} ${which} are on the side of their kink that float64 puts them on`;
  const are = crossed === 1 ? 'is' : 'are';
  return `${some} of ${all} ${which} ${are} on the other side of a kink than in float64: the device is compared with float64 on its sides`;
}
