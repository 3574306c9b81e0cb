import type { StatefulGraph } from '../../lower/stateful-graph.js';
import { present } from '../../util/error.js';
import type * as ort from '../onnxruntime.js';
import type { Session } from '../session.js';
import type { CarriedState } from './carried-state.js';

/** Runs a session from the state, which is settled, to the next. Returns what it made, some outputs beside the state among it. */
export async function runToNext(
  session: Session,
  { state, nextOf }: Pick<StatefulGraph, 'state' | 'nextOf'>,
  carried: CarriedState,
  inputs: ort.InferenceSession.FeedsType,
  outputs: readonly string[],
): Promise<ort.InferenceSession.ReturnType> {
  const fetches: Record<string, ort.Tensor | null> = Object.fromEntries(outputs.map((name) => [name, null]));
  for (const name of state) fetches[nextOf(name)] = carried.target(name);
  const results = await session.runHeld(inputs, fetches);
  carried.advance(new Map(state.map((name) => [name, present(results[nextOf(name)], name)])));
  return results;
}
