import type { Graph } from '../graph/graph.js';
import { toModel } from '../graph/to-model.js';
import { flattenState } from '../lower/flat/flatten.js';
import { lower } from '../lower/lower.js';
import type { StatefulGraph } from '../lower/stateful-graph.js';
import type { Target } from '../lower/target.js';
import { encodeModel } from '../onnx/file.js';
import type { Tensor } from '../onnx/tensor.js';
import { fail, present } from '../util/error.js';
import { type CarriedState, openState } from './carried-state.js';
import type { Device } from './device-kind.js';
import { type FedTypes, fedTypes, toFeeds } from './fed.js';
import type * as ort from './onnxruntime.js';
import { PackedState } from './packed-state.js';
import { type Feeds, fromOrt, Session } from './session.js';
import { checkStateTensor, failNoParameter, type StepRunner } from './step-runner.js';

export type { StatefulGraph } from '../lower/stateful-graph.js';

/** Where a graph runs, and in which form. */
export interface StepperOptions {
  readonly device: Device;
  readonly threads?: number | undefined;
  /** The lowering; the device's own, with its default forms, when left out. */
  readonly target?: Target | undefined;
  /** Called with the lowered graph before a session is opened for it; what it throws keeps that from happening. */
  readonly onLowered?: ((lowered: Graph) => void) | undefined;
}

interface Opened {
  readonly carried: StatefulGraph;
  readonly types: FedTypes;
  readonly state: CarriedState;
}

/** A session whose state stays where its device has it. */
export class Stepper implements StepRunner {
  readonly #session: Session;
  readonly #source: StatefulGraph;
  /** What is run, whose state may be laid out otherwise than the source's. */
  readonly #carried: StatefulGraph;
  readonly #types: FedTypes;
  readonly #outputs: readonly string[];
  readonly #state: CarriedState;

  private constructor(session: Session, source: StatefulGraph, { carried, types, state }: Opened) {
    this.#session = session;
    this.#source = source;
    this.#carried = carried;
    this.#types = types;
    this.#state = state;
    const next = new Set(source.state.map(source.nextOf));
    this.#outputs = [...source.graph.outputs.keys()].filter((name) => !next.has(name));
  }

  /**
   * Lowers the graph for the device and opens a session on it.
   *
   * @param options - The device, its threads, and the lowering.
   */
  static async open(source: StatefulGraph, { device, threads, target, onLowered }: StepperOptions): Promise<Stepper> {
    const { kind } = device;
    const lowering = target ?? (await kind.chooseTarget(source.graph, device, { threads, tune: false })).target;
    const flat = lowering.flatState ? flattenState(source) : undefined;
    const carried = flat?.carried ?? source;
    const lowered = lower(carried.graph, lowering);
    onLowered?.(lowered);
    const session = await Session.open(encodeModel(toModel(lowered)), {
      device,
      threads,
      graphPasses: kind.hasGraphPasses(lowering),
      onDevice: kind.state === 'device' ? carried.state.map(carried.nextOf) : [],
    });
    const inner = await openState(shapesOf(carried), device);
    const state = flat ? new PackedState(inner, { shapes: shapesOf(source), places: flat.places }) : inner;
    return new Stepper(session, source, { carried, types: fedTypes(lowered), state });
  }

  load(state: ReadonlyMap<string, Tensor>, where = 'state'): void {
    const given = this.#source.state.map((name) => {
      const value = state.get(name) ?? fail(where, `tensor "${name}" is missing`);
      this.#check(name, value, where);
      return [name, value] as const;
    });
    this.#state.load(new Map(given));
  }

  update(tensors: ReadonlyMap<string, Tensor>, where = 'state'): void {
    for (const [name, given] of tensors) this.#check(name, given, where);
    for (const [name, given] of tensors) this.#state.replace(name, given);
  }

  async step(feeds: Feeds): Promise<Map<string, Tensor>> {
    const { state, nextOf } = this.#carried;
    await this.#state.settle();
    const inputs = { ...Object.fromEntries(this.#state.current), ...toFeeds(feeds, this.#types) };
    const fetches: Record<string, ort.Tensor | null> = {};
    for (const name of this.#outputs) fetches[name] = null;
    for (const name of state) fetches[nextOf(name)] = this.#state.target(name);
    const results = await this.#session.runHeld(inputs, fetches);
    this.#state.advance(new Map(state.map((name) => [name, present(results[nextOf(name)], name)])));
    return new Map(this.#outputs.map((name) => [name, fromOrt(present(results[name], name))]));
  }

  state(names: readonly string[] = this.#source.state): Promise<Map<string, Tensor>> {
    return this.#state.read(names);
  }

  /** Frees the session and the state. */
  async close(): Promise<void> {
    await this.#state.close();
    await this.#session.close();
  }

  #check(name: string, given: Tensor, where: string): void {
    checkStateTensor(name, given, shapeOf(this.#source, name), where);
  }
}

function shapesOf(source: StatefulGraph): Map<string, readonly number[]> {
  return new Map(source.state.map((name) => [name, shapeOf(source, name)]));
}

function shapeOf({ graph }: StatefulGraph, name: string): readonly number[] {
  const { value } = graph.parameters.get(name) ?? failNoParameter(name);
  return value.shape;
}
