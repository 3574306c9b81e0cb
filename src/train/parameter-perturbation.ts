import {
  crossOver,
  matesOf,
  mutate,
  type PlannedPerturbation,
  planPerturbation,
  weightsOf,
} from '../distill/mutation.js';
import { networkOf } from '../distill/names.js';
import { networkPrefix } from '../distill/step.js';
import { addStep, judge, loseDiverged, type Trial, type Verdict } from '../distill/trial.js';
import type { Graph } from '../graph/graph.js';
import { recounted, skippedUpdates } from '../group/skipped-updates.js';
import type { Tensor } from '../onnx/tensor.js';
import type { StepRunner } from '../runtime/step-runner.js';
import type { Settings } from '../settings/settings.js';
import { type Checkpoint, TRIAL_PREFIX } from '../store/checkpoint-format.js';
import { fail, present } from '../util/error.js';
import { fires } from '../util/firing.js';
import { stream } from '../util/random.js';

/** The networks whose parameters are perturbed, where they are, and for how long. */
export interface PerturbationSource {
  readonly graphs: readonly Graph[];
  /** Names of all that a step carries over to the next. */
  readonly state: readonly string[];
  readonly stepper: StepRunner;
  /** Steps of the whole run. */
  readonly totalSteps: number;
  /** Updates that the optimizer state had seen when the run began. */
  readonly updatesBefore: number;
}

type Options = PerturbationSource &
  NonNullable<Settings['parameterPerturbation']> &
  Pick<Settings, 'seed' | 'optimizer'>;

interface OpenTrial {
  readonly trial: Trial;
  /** The network's whole state before it was perturbed. */
  readonly snapshot: ReadonlyMap<string, Tensor>;
  /** The other networks before the running step. */
  readonly others: ReadonlyMap<string, Tensor>;
}

const PURPOSE = 'perturb-parameters';

/**
 * Perturbs the weights of one network at a time, and rolls it back unless it is the best of the group over the steps of a
 * trial. Optimizer state and running statistics stay as they are when the weights are perturbed; a rollback restores all to
 * the bit, but for AdamW's moments: as its bias correction counts the steps of the group, they are scaled to that count.
 *
 * While a trial is open nothing else is perturbed. It goes on over the end of an epoch, where {@link withoutTrial} has the network
 * as it was before. One that the end of the run cuts short is decided on the steps that it has had. A step of a trial in which
 * a loss of any network is not finite ends it: the others go back to before that step, which is then run again, so that
 * nothing of it reaches them. (A session of ONNX Runtime's on-device training counts both for its learning rate.)
 */
export class ParameterPerturbation {
  readonly #options: Options;
  readonly #mates: readonly (readonly number[])[];
  #open: OpenTrial | undefined;

  /** Goes on with the trial of a checkpoint, if that has one. */
  constructor(options: Options, resumed?: Pick<Checkpoint, 'trial' | 'tensors'>) {
    this.#options = options;
    this.#mates = matesOf(options.graphs);
    const { trial } = resumed ?? {};
    if (trial && resumed) this.#open = { trial, snapshot: this.#savedSnapshot(trial, resumed), others: new Map() };
  }

  /** Whether there is something to do before or after a step: it can't be run together with others. */
  concerns(count: number): boolean {
    const { when, seed } = this.#options;
    return this.#open !== undefined || fires(when, seed, PURPOSE, count);
  }

  /** Before a step, counted from 0 over the run: perturbs a network if it is time to. */
  async before(count: number): Promise<PlannedPerturbation | undefined> {
    const plan = this.#open ? undefined : await this.#begin(count);
    if (!this.#open) return undefined;
    const own = networkPrefix(this.#open.trial.network);
    const { state, stepper } = this.#options;
    this.#open = { ...this.#open, others: await stepper.state(state.filter((name) => !name.startsWith(own))) };
    return plan;
  }

  async #begin(count: number): Promise<PlannedPerturbation | undefined> {
    const { when, seed, crossover, stepper, graphs } = this.#options;
    if (!fires(when, seed, PURPOSE, count)) return undefined;
    const plan = planPerturbation(stream(seed, PURPOSE, 'plan', count), this.#mates, crossover);
    const snapshot = await stepper.state(this.#stateOf(plan.network));
    stepper.update(await this.#perturbed(plan, snapshot, count));
    this.#open = { trial: { ...plan, start: count, ce: graphs.map(() => 0) }, snapshot, others: new Map() };
    return plan;
  }

  /** After a step, with its cross-entropies: ends the trial if its window or the run is over. */
  after(count: number, ce: readonly number[]): Verdict | undefined {
    if (!this.#open) return undefined;
    const { window, totalSteps, stepper } = this.#options;
    const { snapshot } = this.#open;
    const trial = addStep(this.#open.trial, ce);
    const steps = count + 1 - trial.start;
    const over = steps === window || count + 1 === totalSteps;
    this.#open = over ? undefined : { ...this.#open, trial };
    if (!over) return undefined;
    const verdict = judge(trial, steps);
    if (!verdict.kept) stepper.update(this.#recounted(snapshot, trial.start, count + 1));
    return verdict;
  }

  /** After a step in which a loss was not finite: undoes it together with the open trial. Without one, does nothing. */
  abandon(count: number): Verdict | undefined {
    if (!this.#open) return undefined;
    const { trial, snapshot, others } = this.#open;
    this.#open = undefined;
    this.#options.stepper.update(new Map([...others, ...this.#recounted(snapshot, trial.start, count)]));
    return loseDiverged(trial);
  }

  /** A state of the group, but a network that is on trial as it was before. */
  withoutTrial(state: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
    return this.#open ? new Map([...state, ...this.#open.snapshot]) : state;
  }

  /** What a checkpoint keeps of an open trial. */
  get saved(): { readonly trial: Trial; readonly tensors: ReadonlyMap<string, Tensor> } | undefined {
    if (!this.#open) return undefined;
    const { trial, snapshot } = this.#open;
    return { trial, tensors: new Map(Array.from(snapshot, ([name, value]) => [TRIAL_PREFIX + name, value])) };
  }

  /** The perturbed weights; each tensor has a stream of its own. */
  async #perturbed(
    { network, mate }: PlannedPerturbation,
    own: ReadonlyMap<string, Tensor>,
    count: number,
  ): Promise<Map<string, Tensor>> {
    const { seed, sigma, stepper, graphs } = this.#options;
    const names = weightsOf(present(graphs[network], 'its graph')).map(({ name }) => name);
    const others = mate === null ? undefined : await stepper.state(names.map((name) => networkPrefix(mate) + name));
    return new Map(
      names.map((name) => {
        const random = stream(seed, PURPOSE, count, name);
        const weight = present(own.get(networkPrefix(network) + name), name);
        const other = mate === null ? undefined : present(others?.get(networkPrefix(mate) + name), name);
        const changed = other ? crossOver(weight, other, random) : mutate(weight, sigma, random);
        return [networkPrefix(network) + name, changed];
      }),
    );
  }

  /** A network's state from before some step, for the optimizer's count at a later one. */
  #recounted(snapshot: ReadonlyMap<string, Tensor>, from: number, to: number): Map<string, Tensor> {
    const { optimizer, updatesBefore } = this.#options;
    const network = networkOf(snapshot.keys().next().value ?? '');
    const before = updatesBefore - skippedUpdates(snapshot, network, optimizer);
    return recounted(snapshot, optimizer, before + from, before + to);
  }

  #stateOf(network: number): string[] {
    return this.#options.state.filter((name) => name.startsWith(networkPrefix(network)));
  }

  #savedSnapshot({ network }: Trial, { tensors }: Pick<Checkpoint, 'tensors'>): Map<string, Tensor> {
    const saved = (name: string) => tensors.get(name) ?? fail('checkpoint', `tensor "${name}" is missing`);
    return new Map(this.#stateOf(network).map((name) => [name, saved(TRIAL_PREFIX + name)]));
  }
}
