import { flattenState } from '../../lower/flat/flatten.js';
import type { StatefulGraph } from '../../lower/stateful-graph.js';
import type { Target } from '../../lower/target.js';
import type { Device } from '../device-kind.js';
import { failNoParameter } from '../step-runner.js';
import { type CarriedState, openState } from './carried-state.js';
import { PackedState } from './packed-state.js';

/** The graph that is run, and its state, which speaks of the tensors of the graph as it was. */
export interface LaidState {
  readonly carried: StatefulGraph;
  readonly state: CarriedState;
}

/** Lays a graph's state out as a target has it, in vectors or tensor by tensor, where a device has it. */
export async function layState(source: StatefulGraph, target: Target, device: Device): Promise<LaidState> {
  const flat = target.flatState ? flattenState(source) : undefined;
  const carried = flat?.carried ?? source;
  const inner = await openState(shapesOf(carried), device);
  return { carried, state: flat ? new PackedState(inner, { shapes: shapesOf(source), places: flat.places }) : inner };
}

/** The shapes of a graph's state, by name. */
function shapesOf(source: StatefulGraph): Map<string, readonly number[]> {
  return new Map(source.state.map((name) => [name, shapeOf(source, name)]));
}

/** The shape of one tensor of the state; a name that isn't there is an error. */
export function shapeOf({ graph }: StatefulGraph, name: string): readonly number[] {
  const { value } = graph.parameters.get(name) ?? failNoParameter(name);
  return value.shape;
}
