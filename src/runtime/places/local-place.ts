import type { Graph } from '../../graph/graph.js';
import { cutHalves } from '../../graph/halves.js';
import { toModel } from '../../graph/to-model.js';
import { lower } from '../../lower/lower.js';
import type { StatefulGraph } from '../../lower/stateful-graph.js';
import type { Target } from '../../lower/target.js';
import { encodeModel } from '../../onnx/file.js';
import type { Tensor } from '../../onnx/tensor.js';
import { present } from '../../util/error.js';
import { formatDevice } from '../device-kind.js';
import type * as ort from '../onnxruntime.js';
import { fromOrt, Session } from '../session.js';
import type { CarriedState } from '../stepping/carried-state.js';
import { toFeeds } from '../stepping/fed.js';
import { type FedTypes, fedTypes } from '../stepping/fed-types.js';
import { layOut } from '../stepping/laid-out.js';
import { runToNext } from '../stepping/run-to-next.js';
import { measuresOf } from '../stepping/step-runs.js';
import type { StepperOptions } from '../stepping/stepper.js';
import type { Place, Tensors } from './place.js';

/** One network's part of a step, and the outputs of it that the other networks are shown. */
export interface PlaceSource extends StatefulGraph {
  readonly shown: readonly string[];
}

export interface LocalPlaceOptions extends Pick<StepperOptions, 'device' | 'threads'> {
  /** The lowering. */
  readonly target: Target;
  /** Whether what the forward pass has made is kept for the rest of the step, or made again. As the device is better off, when left out. */
  readonly keep?: boolean | undefined;
}

/** Half a step in a session. */
interface Half {
  readonly graph: Graph;
  readonly session: Session;
  /** Of what it is fed. */
  readonly types: FedTypes;
}

/** The step as it is run. */
interface Opened {
  readonly name: string;
  readonly first: Half;
  readonly second: Half;
  /** What the second half takes of the first. */
  readonly carried: readonly string[];
  /** As the lowering has it, which may lay out its state otherwise than the place's. */
  readonly source: PlaceSource;
  /** What the second half puts out beside the next state. */
  readonly measured: readonly string[];
  readonly state: CarriedState;
}

/**
 * A place on a device of this process: the lowered step is cut in two sessions at what the network shows, so that every operator is the one
 * that it is in a whole step.
 */
export class LocalPlace implements Place {
  readonly name: string;
  readonly isElsewhere = false;
  readonly #opened: Opened;
  /** What a step is fed, and what its first half has made for the second. */
  #begun: { readonly feeds: Tensors; readonly carried: Readonly<Record<string, ort.Tensor>> } | undefined;

  private constructor(opened: Opened) {
    this.name = opened.name;
    this.#opened = opened;
  }

  /** Lowers a network's part of a step for the device, and opens its two sessions. */
  static async open(source: PlaceSource, options: LocalPlaceOptions): Promise<LocalPlace> {
    const { device, threads, target, keep = device.kind.keepsActivations } = options;
    const { carried: laidOut, state } = await layOut(source, target, device);
    const opened: Session[] = [];
    try {
      const lowered = lower(laidOut.graph, target);
      const { first, second, carried } = cutHalves(lowered, source.shown, keep);
      const open = async (graph: Graph, names: readonly string[]): Promise<Half> => {
        const onDevice = device.kind.state === 'device' ? names : [];
        const graphPasses = device.kind.hasGraphPasses(target);
        const session = await Session.open(encodeModel(toModel(graph)), {
          device,
          threads,
          graphPasses,
          onDevice,
          takesTurns: true,
        });
        opened.push(session);
        return { graph, session, types: fedTypes(graph) };
      };
      const kept = carried.filter((name) => !source.shown.includes(name));
      return new LocalPlace({
        name: formatDevice(device),
        first: await open(first, kept),
        second: await open(second, laidOut.state.map(laidOut.nextOf)),
        carried,
        source: { ...laidOut, shown: source.shown },
        measured: measuresOf({ ...laidOut, graph: second }),
        state,
      });
    } catch (error) {
      for (const session of opened) await session.close();
      await state.close();
      throw error;
    }
  }

  async forward(feeds: Tensors): Promise<Map<string, Tensor>> {
    this.#forget();
    const { first, carried, source, state } = this.#opened;
    await state.settle();
    const results = await first.session.runHeld(
      this.#inputsOf(first, feeds),
      Object.fromEntries([...first.graph.outputs.keys()].map((name) => [name, null])),
    );
    const made = (name: string) => present(results[name], name);
    this.#begun = { feeds, carried: Object.fromEntries(carried.map((name) => [name, made(name)])) };
    return new Map(source.shown.map((name) => [name, fromOrt(made(name))]));
  }

  async step(shown: Tensors): Promise<Map<string, Tensor>> {
    const { feeds, carried } = present(this.#begun, 'the begin of the step');
    const { second, source, state, measured } = this.#opened;
    const inputs = { ...this.#inputsOf(second, { ...feeds, ...shown }), ...carried };
    const results = await runToNext(second.session, source, state, inputs, measured);
    this.#forget();
    return new Map(measured.map((name) => [name, fromOrt(present(results[name], name))]));
  }

  async load(state: ReadonlyMap<string, Tensor>): Promise<void> {
    this.#opened.state.load(state);
  }

  async update(tensors: ReadonlyMap<string, Tensor>): Promise<void> {
    for (const [name, given] of tensors) this.#opened.state.replace(name, given);
  }

  state(names: readonly string[]): Promise<Map<string, Tensor>> {
    return this.#opened.state.read(names);
  }

  async close(): Promise<void> {
    this.#forget();
    const { state, first, second } = this.#opened;
    await state.close();
    await first.session.close();
    await second.session.close();
  }

  /** What a half takes of the state and of some tensors. */
  #inputsOf({ graph, types }: Half, tensors: Tensors): Record<string, ort.Tensor> {
    const { current } = this.#opened.state;
    const state = [...graph.parameters.keys()].map((name) => [name, present(current.get(name), name)]);
    const taken = Object.entries(tensors).filter(([name]) => types.has(name));
    return { ...Object.fromEntries(state), ...toFeeds(Object.fromEntries(taken), types) };
  }

  /** Frees what is kept of a step. */
  #forget(): void {
    for (const value of Object.values(this.#begun?.carried ?? {})) value.dispose();
    this.#begun = undefined;
  }
}
