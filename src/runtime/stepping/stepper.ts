import type { Graph } from '../../graph/graph.js';
import type { StatefulGraph } from '../../lower/stateful-graph.js';
import type { Target } from '../../lower/target.js';
import type { Tensor } from '../../onnx/tensor.js';
import { at } from '../../util/checked.js';
import type { Device } from '../device-kind.js';
import type { Feeds } from '../session.js';
import { type Burst, checkedState, checkStateTensor, type StepRunner, shapeOf } from '../step-runner.js';
import type { CarriedState } from './carried-state.js';
import { layOut } from './laid-out.js';
import { checkLoops, openRuns } from './open-runs.js';
import type { StepRuns } from './step-runs.js';

export type { StatefulGraph } from '../../lower/stateful-graph.js';

/** Where a graph runs, and in which form. */
export interface StepperOptions {
  readonly device: Device;
  readonly threads?: number | undefined;
  /** The lowering; the device's own, with its default forms, when left out. */
  readonly target?: Target | undefined;
  /** Steps in one run of the session (1): more leave the state where it is between them, where outputs are copied to the host else. */
  readonly perRun?: number | undefined;
  /** Called with the lowered graph before a session is opened for it; what it throws keeps that from happening. */
  readonly onLowered?: ((lowered: Graph) => void) | undefined;
}

/** A session whose state stays where its device has it. */
export class Stepper implements StepRunner {
  readonly #runs: StepRuns;
  /** What was given, whose state the runs may lay out otherwise. */
  readonly #source: StatefulGraph;
  readonly #state: CarriedState;

  private constructor(runs: StepRuns, source: StatefulGraph, state: CarriedState) {
    this.#runs = runs;
    this.#source = source;
    this.#state = state;
  }

  /**
   * Lowers the graph for the device and opens a session on it.
   *
   * @param options - The device, its threads, the lowering, and how many steps are in a run.
   */
  static async open(source: StatefulGraph, options: StepperOptions): Promise<Stepper> {
    const { device, threads, perRun } = options;
    checkLoops(device, perRun);
    const chosen = () => device.kind.chooseTarget(source.graph, device, { threads, tune: false });
    const target = options.target ?? (await chosen()).target;
    const { carried, state } = await layOut(source, target, device);
    try {
      return new Stepper(await openRuns(carried, state, { ...options, target }), source, state);
    } catch (error) {
      await state.close();
      throw error;
    }
  }

  load(state: ReadonlyMap<string, Tensor>, where = 'state'): void {
    this.#state.load(checkedState(this.#source, state, where));
  }

  update(tensors: ReadonlyMap<string, Tensor>, where = 'state'): void {
    for (const [name, given] of tensors) this.#check(name, given, where);
    for (const [name, given] of tensors) this.#state.replace(name, given);
  }

  async step(feeds: Feeds): Promise<Map<string, Tensor>> {
    await this.#runs.add(feeds);
    return at(await this.#runs.end(), 0);
  }

  burst(): Burst {
    return this.#runs;
  }

  state(names: readonly string[] = this.#source.state): Promise<Map<string, Tensor>> {
    return this.#state.read(names);
  }

  /** Frees the session and the state. */
  async close(): Promise<void> {
    await this.#state.close();
    await this.#runs.close();
  }

  #check(name: string, given: Tensor, where: string): void {
    checkStateTensor(name, given, shapeOf(this.#source, name), where);
  }
}
