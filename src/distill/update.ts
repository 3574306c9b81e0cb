import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { clipByNorm } from '../optim/clip-norm.js';
import { createOptimizer, type Optimizer } from '../optim/optimizer.js';
import { present } from '../util/error.js';
import type { Accumulation } from './accumulation.js';
import { networkOf, networkPrefix, nextName, stateName } from './names.js';
import type { StepOptions } from './step-options.js';
import type { StepSettings } from './step-schema.js';
import type { UpdateGroup } from './update-groups.js';

/** How weights are updated. */
export interface UpdatePlan {
  readonly settings: Pick<StepSettings, 'optimizer' | 'clipNorm'>;
  readonly networks: number;
  readonly groupOf: (weight: Value) => UpdateGroup;
  readonly accumulation: Accumulation;
}

interface Trained {
  readonly weight: Value;
  readonly gradient: Value;
}

/**
 * Updates all weights from their gradients (null: not trained); declares the optimizer's scalars and state.
 *
 * @returns the names of all tensors that have a next value.
 */
export function updateAll(
  g: Graph,
  weights: readonly Value[],
  slopes: readonly (Value | null)[],
  plan: UpdatePlan,
  { exposeGradients }: StepOptions,
): string[] {
  const { accumulation } = plan;
  const rules = new UpdateRules(g, plan.settings.optimizer, accumulation);
  const trained = weights.flatMap((weight, i) => (slopes[i] ? [{ weight, gradient: slopes[i] }] : []));
  const ready = readyGradients(g, trained, plan);
  const names = trained.flatMap(({ weight, gradient }) => {
    if (exposeGradients) g.output(`${weight.name}.grad`, gradient);
    const { optimizer, scalars } = rules.of(plan.groupOf(weight), networkOf(weight.name));
    const states = optimizer.states.map((state) => {
      return g.parameter(
        stateName(weight.name, state),
        weight.shape as number[],
        { kind: 'constant', value: 0 },
        'optimizer',
      );
    });
    const given = present(ready.get(weight), weight.name);
    const updated = g.within(weight.name, () => optimizer.update(g, weight, given, states, scalars));
    g.output(nextName(weight.name), accumulation.choose(updated.parameter, weight));
    updated.states.forEach((next, s) => {
      const state = present(states[s], 'its state');
      g.output(nextName(state.name), accumulation.choose(next, state));
    });
    return [weight.name, ...states.map((state) => state.name)];
  });
  return [...names, ...rules.state];
}

/** What each weight is updated from: the mean over steps, then clipped with the others of its network. */
function readyGradients(g: Graph, trained: readonly Trained[], plan: UpdatePlan): Map<Value, Value> {
  const { accumulation, settings, networks } = plan;
  const means = new Map(trained.map(({ weight, gradient }) => [weight, accumulation.mean(weight, gradient)]));
  const { clipNorm } = settings;
  if (clipNorm === null) return means;
  const clipped = new Map<Value, Value>();
  for (let i = 0; i < networks; i++) {
    const own = [...means].filter(([{ name }]) => name.startsWith(networkPrefix(i)));
    if (own.length === 0) continue;
    const gradients = g.within(`clip${i}`, () =>
      clipByNorm(
        g,
        own.map(([, mean]) => mean),
        clipNorm,
      ),
    );
    own.forEach(([weight], k) => {
      clipped.set(weight, present(gradients[k], weight.name));
    });
  }
  return clipped;
}

interface Rule {
  readonly optimizer: Optimizer;
  readonly scalars: readonly Value[];
}

/** The optimizer with the scalars of each group; those of one group are computed once. */
class UpdateRules {
  /** Names of what is kept of updates that are left out. */
  readonly state: string[] = [];
  readonly #g: Graph;
  readonly #settings: StepSettings['optimizer'];
  readonly #accumulation: Accumulation;
  readonly #optimizer: Optimizer;
  readonly #scalars: readonly Value[];
  readonly #known = new Map<string, Rule>();
  readonly #corrected = new Map<number, readonly Value[]>();
  #remainders: readonly Value[] | undefined;

  constructor(g: Graph, settings: StepSettings['optimizer'], accumulation: Accumulation) {
    this.#g = g;
    this.#settings = settings;
    this.#accumulation = accumulation;
    this.#optimizer = createOptimizer(settings);
    this.#scalars = this.#optimizer.scalars.map((name) => g.input(name, 'float32', []));
  }

  of({ rate, decays }: UpdateGroup, network: number): Rule {
    const scalars = this.#scalarsOf(network);
    if (rate === 1 && decays) return { optimizer: this.#optimizer, scalars };
    const key = `${rate} ${decays} ${scalars === this.#scalars ? '' : network}`;
    const known = this.#known.get(key);
    if (known) return known;
    const optimizer = createOptimizer(decays ? this.#settings : { ...this.#settings, weightDecay: 0 });
    const rule = { optimizer, scalars: optimizer.scaleRate(this.#g, scalars, rate) };
    this.#known.set(key, rule);
    return rule;
  }

  /** The scalars of a network: those that are given, unless updates may be left out that must not count. */
  #scalarsOf(network: number): readonly Value[] {
    const { skips } = this.#optimizer;
    const leftOut = skips && this.#accumulation.leftOut(network);
    if (!skips || !leftOut) return this.#scalars;
    const known = this.#corrected.get(network);
    if (known) return known;
    const g = this.#g;
    this.#remainders ??= skips.scalars.map((name) => g.input(name, 'float32', []));
    const states = skips.states.map((state) =>
      g.parameter(networkPrefix(network) + state, [], { kind: 'constant', value: 0 }, 'optimizer'),
    );
    skips.next(g, states).forEach((next, i) => {
      const state = present(states[i], 'its state');
      g.output(nextName(state.name), g.op('Where', [leftOut, next, state]));
    });
    this.state.push(...states.map(({ name }) => name));
    const corrected = skips.correct(g, this.#scalars, this.#remainders, states);
    this.#corrected.set(network, corrected);
    return corrected;
  }
}
