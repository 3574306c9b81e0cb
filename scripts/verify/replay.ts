import type { Target } from '../../src/lower/target.js';
import { CPU, type Device } from '../../src/runtime/device.js';
import { asGolden } from './as-golden.js';
import { compareRun } from './compare.js';
import { compareSides, countSides, type SideCount } from './compare-sides.js';
import { runOnDevice } from './device-run.js';
import { runFreely, runInFloat64 } from './float64-run.js';
import { type Golden, readGolden } from './golden.js';
import type { Quantity } from './quantity.js';
import { rudderless } from './rudderless.js';
import type { Run } from './run.js';
import { sidesTaken } from './sides.js';
import {
  deviceTolerances,
  FLOAT32_BITS,
  FLOAT64_TOLERANCES,
  float32Tolerances,
  sidesTolerance,
  type Tolerances,
} from './tolerances.js';

/** What replaying a file of golden numbers comes to. */
export interface Replay {
  /** The step graph, interpreted in float64, against the golden numbers. */
  readonly graph: readonly Quantity[];
  /**
   * The device's run against the golden numbers; where it took another side of a kink than float64, against a float64 run that
   * takes the device's sides, and how far from the kink that was.
   */
  readonly device: readonly Quantity[];
  readonly sides: SideCount;
}

/** Replays a file of golden numbers on Agon's own step and compares everything it holds. */
export async function replay(path: string, device: Device = CPU, target?: Target): Promise<Replay> {
  const golden = await readGolden(path);
  const { bits } = device.kind.rounding?.(process.env) ?? { bits: FLOAT32_BITS };
  const run = await runOnDevice(golden, device, target);
  return judge(golden, run, deviceTolerances(golden, bits), sidesTolerance(golden, bits));
}

/**
 * Compares a device's run.
 *
 * @param sides - How far an element may be from the side that the device took.
 */
export function judge(
  golden: Golden,
  run: Run,
  tolerances: Tolerances = float32Tolerances(golden),
  sides = sidesTolerance(golden),
): Replay {
  const taken = run.steps.map((outputs) => sidesTaken(golden.step.graph, outputs));
  const guided = runInFloat64(golden, taken);
  const counted = countSides(guided);
  const same = counted.crossed === 0;
  const expected = same ? golden : asGolden(golden, guided);
  const device = compareRun(expected, run, tolerances, rudderless(golden));
  return {
    graph: compareRun(golden, same ? guided : runFreely(golden, guided), FLOAT64_TOLERANCES),
    device: [...device, compareSides(guided, sides)],
    sides: counted,
  };
}
