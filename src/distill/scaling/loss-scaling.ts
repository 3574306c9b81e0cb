import { add, mul, scale, vector } from '../../graph/arithmetic.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/node/node.js';
import { present } from '../../util/error.js';

/** As `torch.amp.GradScaler` has them: the first scale, and after how many steps without an overflow it doubles; at one it halves. */
export const LOSS_SCALE = { first: 65536, growthInterval: 2000, growth: 2, backoff: 0.5 } as const;

/** What loss scaling keeps of a network; `growth_tracker` counts steps without an overflow. */
export const SCALING_STATES = ['loss_scale', 'growth_tracker'] as const;

/** Outputs of a step with loss scaling, a number for each network: the scale that it had, and whether its gradients overflowed (1) or not (0). */
export const SCALING_OUTPUTS = { scale: 'loss_scale', overflowed: 'overflowed' } as const;

/** The largest sum of squares that counts as finite: a comparison that is false for infinity and for NaN alike. */
const LARGEST = 3.4e38;
/** Scales stay within these: powers of two, by which float32 divides without rounding. */
const [LEAST_SCALE, MOST_SCALE] = [2 ** -24, 2 ** 48];

/** What keeps small gradients from vanishing in float16, and those that overflow from reaching the weights. */
export interface LossScaling {
  /** The networks' losses as they are to be differentiated. */
  scaled(losses: readonly Value[]): readonly Value[];
  /** The gradients that come of it, as they would be without scaling. Called once, before what is below. */
  unscaled(weights: readonly Value[], gradients: readonly (Value | null)[]): (Value | null)[];
  /** Whether this step's gradients of the i-th network are finite, a bool; undefined where that isn't asked. */
  finite(network: number): Value | undefined;
  /** Names of what it keeps. */
  readonly state: readonly string[];
}

/** Where the tensors of a step have their names. */
export interface StepNames {
  readonly networkPrefix: (network: number) => string;
  readonly nextName: (name: string) => string;
}

/** Losses as they are, gradients as they come. */
export const NO_SCALING: LossScaling = {
  scaled: (losses) => losses,
  unscaled: (_, gradients) => [...gradients],
  finite: () => undefined,
  state: [],
};

interface ScaledNetwork {
  readonly prefix: string;
  readonly scale: Value;
  readonly tracker: Value;
}

/**
 * Dynamic loss scaling as `torch.amp.GradScaler` has it, for each network by itself, so that one whose gradients overflow doesn't hold the
 * others up: its loss is multiplied by a scale and its gradients divided by it, in float32. Declares its state and its outputs.
 *
 * @param networks - Indices of those that the step trains.
 */
export function dynamicScaling(
  g: Graph,
  networks: readonly number[],
  { networkPrefix, nextName }: StepNames,
): LossScaling {
  const keep = (name: string, value: number) => g.parameter(name, [], { kind: 'constant', value }, 'optimizer');
  const scaled = networks.map((index): ScaledNetwork => {
    const prefix = networkPrefix(index);
    const [scaleName, trackerName] = SCALING_STATES.map((state) => prefix + state) as [string, string];
    return { prefix, scale: keep(scaleName, LOSS_SCALE.first), tracker: keep(trackerName, 0) };
  });
  const finite: Value[] = [];
  return {
    scaled: (losses) => losses.map((loss, i) => mul(g, loss, present(scaled[i], `loss ${i}`).scale)),
    unscaled(weights, gradients) {
      const inverses = scaled.map((network) => g.op('Reciprocal', [network.scale]));
      const ownerOf = ({ name }: Value) => scaled.findIndex(({ prefix }) => name.startsWith(prefix));
      const divided = gradients.map((gradient, i) => {
        const weight = present(weights[i], 'its weight');
        return gradient && mul(g, gradient, present(inverses[ownerOf(weight)], weight.name));
      });
      scaled.forEach((network, i) => {
        const own = gradients.filter((each, k) => each && ownerOf(present(weights[k], 'its weight')) === i);
        finite[i] = areFinite(g, own as Value[]);
        const next = nextScale(g, network, finite[i]);
        g.output(nextName(network.scale.name), next.scale);
        g.output(nextName(network.tracker.name), next.tracker);
      });
      outputScaling(g, scaled, finite);
      return divided;
    },
    finite: (network) => present(finite[networks.indexOf(network)], `network ${network}`),
    state: scaled.flatMap(({ scale, tracker }) => [scale.name, tracker.name]),
  };
}

/**
 * Whether all numbers are finite, a bool scalar: the sum of their squares is, which an infinity makes infinite and a NaN a NaN. It is taken
 * before they are divided, so that nothing but the update needs them divided.
 */
function areFinite(g: Graph, gradients: readonly Value[]): Value {
  const squares = gradients.map((gradient) => g.op('ReduceSumSquare', [gradient], { keepdims: 0 }));
  const sum = squares.length === 0 ? g.scalar(0) : g.op('Sum', squares);
  return g.op('LessOrEqual', [sum, g.scalar(LARGEST)]);
}

function nextScale(g: Graph, { scale: now, tracker }: ScaledNetwork, finite: Value): { scale: Value; tracker: Value } {
  const { growth, growthInterval, backoff } = LOSS_SCALE;
  const count = add(g, tracker, g.scalar(1));
  const full = g.op('GreaterOrEqual', [count, g.scalar(growthInterval)]);
  const grown = g.op('Where', [full, scale(g, now, growth), now]);
  const next = g.op('Where', [finite, grown, scale(g, now, backoff)]);
  const counted = g.op('Where', [full, g.scalar(0), count]);
  return {
    scale: g.op('Clip', [next, g.scalar(LEAST_SCALE), g.scalar(MOST_SCALE)]),
    tracker: g.op('Where', [finite, counted, g.scalar(0)]),
  };
}

function outputScaling(g: Graph, networks: readonly ScaledNetwork[], finite: readonly Value[]): void {
  g.output(
    SCALING_OUTPUTS.scale,
    vector(
      g,
      networks.map(({ scale: now }) => now),
    ),
  );
  const overflowed = finite.map((each) => g.op('Where', [each, g.scalar(0), g.scalar(1)]));
  g.output(SCALING_OUTPUTS.overflowed, vector(g, overflowed));
}
