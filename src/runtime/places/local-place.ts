import type { Graph } from '../../graph/graph.js';
import { cutHalves, type Halves } from '../../graph/halves.js';
import { toModel } from '../../graph/to-model.js';
import { lower } from '../../lower/lower.js';
import { encodeModel } from '../../onnx/file.js';
import type { Tensor } from '../../onnx/tensor.js';
import { present } from '../../util/error.js';
import { formatDevice } from '../device-kind.js';
import type * as ort from '../onnxruntime.js';
import { fromOrt, Session } from '../session.js';
import type { CarriedState } from '../stepping/carried-state.js';
import { toFeeds } from '../stepping/fed.js';
import { fedTypes } from '../stepping/fed-types.js';
import { layState } from '../stepping/open-state.js';
import type { StatefulGraph, StepperOptions } from '../stepping/stepper.js';
import type { Place, Tensors } from './place.js';

/** One network's part of a step, and the outputs of it that the other networks are shown. */
export interface PlaceSource extends StatefulGraph {
  readonly shown: readonly string[];
}

export interface LocalPlaceOptions extends StepperOptions {
  /** Whether what the forward pass has made is kept for the rest of the step, or made again. As the device is better off, when left out. */
  readonly keep?: boolean | undefined;
}

type Sessions = Readonly<Record<'first' | 'second', Session>>;

/**
 * A place on a device of this process: the lowered step is cut in two sessions at what the network shows, so that nothing is computed twice
 * and every operator is the one that it is in a whole step.
 */
export class LocalPlace implements Place {
  readonly name: string;
  /** What is run, whose state may be laid out otherwise than it was given. */
  readonly #source: PlaceSource;
  readonly #halves: Halves;
  readonly #sessions: Sessions;
  readonly #state: CarriedState;
  /** What a step is fed, and what its first half has made for the second. */
  #begun: { readonly feeds: Tensors; readonly carried: ReadonlyMap<string, ort.Tensor> } | undefined;

  private constructor(name: string, source: PlaceSource, halves: Halves, sessions: Sessions, state: CarriedState) {
    this.name = name;
    this.#source = source;
    this.#halves = halves;
    this.#sessions = sessions;
    this.#state = state;
  }

  /** Lowers a network's part of a step for the device, and opens its two sessions. */
  static async open(source: PlaceSource, options: LocalPlaceOptions): Promise<LocalPlace> {
    const { device, threads, target, onLowered } = options;
    const { kind } = device;
    const lowering = target ?? (await kind.chooseTarget(source.graph, device, { threads, tune: false })).target;
    const { carried, state } = await layState(source, lowering, device);
    const lowered = lower(carried.graph, lowering);
    onLowered?.(lowered);
    const halves = cutHalves(lowered, source.shown, options.keep ?? kind.keepsActivations);
    const open = (graph: Graph, names: readonly string[]) =>
      Session.open(encodeModel(toModel(graph)), {
        device,
        threads,
        graphPasses: kind.hasGraphPasses(lowering),
        onDevice: kind.state === 'device' ? names : [],
      });
    const shown = new Set(source.shown);
    const first = await open(
      halves.first,
      halves.carried.filter((name) => !shown.has(name)),
    );
    const second = await open(halves.second, carried.state.map(carried.nextOf));
    const laid = { ...carried, shown: source.shown };
    return new LocalPlace(formatDevice(device), laid, halves, { first, second }, state);
  }

  async forward(feeds: Tensors): Promise<Map<string, Tensor>> {
    this.#forget();
    await this.#state.settle();
    const { first, carried } = this.#halves;
    const results = await this.#sessions.first.runHeld(
      { ...this.#stateFor(first), ...feedsFor(first, feeds) },
      Object.fromEntries([...first.outputs.keys()].map((name) => [name, null])),
    );
    const made = (name: string) => present(results[name], name);
    this.#begun = { feeds, carried: new Map(carried.map((name) => [name, made(name)])) };
    return new Map(this.#source.shown.map((name) => [name, fromOrt(made(name))]));
  }

  async step(shown: Tensors): Promise<Map<string, Tensor>> {
    const { feeds, carried } = present(this.#begun, 'the begin of the step');
    const { second } = this.#halves;
    const { state, nextOf } = this.#source;
    const next = new Set(state.map(nextOf));
    const measured = [...second.outputs.keys()].filter((name) => !next.has(name));
    const fetches: Record<string, ort.Tensor | null> = Object.fromEntries(measured.map((name) => [name, null]));
    for (const name of state) fetches[nextOf(name)] = this.#state.target(name);
    const results = await this.#sessions.second.runHeld(
      { ...this.#stateFor(second), ...feedsFor(second, { ...feeds, ...shown }), ...Object.fromEntries(carried) },
      fetches,
    );
    this.#state.advance(new Map(state.map((name) => [name, present(results[nextOf(name)], name)])));
    this.#forget();
    return new Map(measured.map((name) => [name, fromOrt(present(results[name], name))]));
  }

  async load(state: ReadonlyMap<string, Tensor>): Promise<void> {
    this.#state.load(state);
  }

  async update(tensors: ReadonlyMap<string, Tensor>): Promise<void> {
    for (const [name, given] of tensors) this.#state.replace(name, given);
  }

  state(names: readonly string[]): Promise<Map<string, Tensor>> {
    return this.#state.read(names);
  }

  async close(): Promise<void> {
    this.#forget();
    await this.#state.close();
    await this.#sessions.first.close();
    await this.#sessions.second.close();
  }

  /** What of the state a half takes. */
  #stateFor({ parameters }: Graph): Record<string, ort.Tensor> {
    const { current } = this.#state;
    return Object.fromEntries([...parameters.keys()].map((name) => [name, present(current.get(name), name)]));
  }

  /** Frees what is kept of a step. */
  #forget(): void {
    for (const value of this.#begun?.carried.values() ?? []) value.dispose();
    this.#begun = undefined;
  }
}

/** What of some tensors a half takes, in the types that it takes. */
function feedsFor(half: Graph, tensors: Tensors): Record<string, ort.Tensor> {
  const given = half.inputs.flatMap(({ name }) => {
    const value = tensors[name];
    return value ? [[name, value] as const] : [];
  });
  return toFeeds(Object.fromEntries(given), fedTypes(half));
}
