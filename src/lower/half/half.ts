import { portable } from '../portable/portable.js';
import type { Target } from '../target.js';
import { inMixedPrecision } from './mixed.js';
import { retyping } from './retyped.js';
import { rounding } from './rounded.js';

/** A target in mixed precision: its own passes, then float16 where that computes (`table.ts`), in the bodies that it has. */
export function inHalf(target: Target): Target {
  const bodies = Object.entries(target.bodies).map(([op, body]) => [op, retyping(op, body)] as const);
  return {
    ...target,
    name: `${target.name}-float16`,
    bodies: Object.fromEntries(bodies),
    prepare: (graph) => inMixedPrecision(target.prepare?.(graph) ?? graph),
  };
}

/** What mixed precision comes to, for a machine that computes in float32: every number rounded where it would be stored as float16. */
export const emulatedHalf: Target = {
  ...inHalf(portable),
  name: 'portable-float16-emulated',
  finish: rounding,
};
