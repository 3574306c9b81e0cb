import { flattenState } from '../../lower/flat/flatten.js';
import type { StatefulGraph } from '../../lower/stateful-graph.js';
import type { Target } from '../../lower/target.js';
import type { Device } from '../device-kind.js';
import { shapesOf } from '../step-runner.js';
import { type CarriedState, openState } from './carried-state.js';
import { PackedState } from './packed-state.js';

/** A graph with its state laid out as a lowering wants it. */
export interface LaidOut {
  /** What is run. */
  readonly carried: StatefulGraph;
  /** By the names that were given, whatever the layout. */
  readonly state: CarriedState;
}

/** Lays out the state of a graph for a lowering, where the device has it. */
export async function layOut(source: StatefulGraph, target: Target, device: Device): Promise<LaidOut> {
  const flat = target.flatState ? flattenState(source) : undefined;
  const carried = flat?.carried ?? source;
  const inner = await openState(shapesOf(carried), device);
  const state = flat ? new PackedState(inner, { shapes: shapesOf(source), places: flat.places }) : inner;
  return { carried, state };
}
