import type { StatefulGraph } from '../../lower/stateful-graph.js';
import type { Burst } from '../step-runner.js';

/** Names of the outputs that are no state. */
export function measuresOf({ graph, state, nextOf }: StatefulGraph): string[] {
  const carried = new Set(state.map(nextOf));
  return [...graph.outputs.keys()].filter((name) => !carried.has(name));
}

/** How the steps of a burst become runs of a session. Between two bursts nothing of the one before is left. */
export interface StepRuns extends Burst {
  close(): Promise<void>;
}
