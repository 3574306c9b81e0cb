import type { Graph } from '../graph/graph.js';
import { fail } from '../util/error.js';
import { SCALING_STATES } from './scaling/loss-scaling.js';

/** The scope of the i-th network's nodes in a step. */
export const networkScope = (i: number) => `net${i}`;

/** The prefix of the i-th network's names in a step. */
export const networkPrefix = (i: number) => `${networkScope(i)}.`;

/** The index of the network that a tensor's name in a step begins with. */
export const networkOf = (name: string) => Number(/^net(\d+)\./.exec(name)?.[1]);

/** The name under which a step returns the next value of a state tensor. */
export const nextName = (name: string) => `${name}.next`;

/** The name of what the optimizer keeps of a weight. */
export const stateName = (weight: string, state: string) => `${weight}.${state}`;

/** The name of the moving average of a weight or a running statistic. */
export const averageName = (name: string) => stateName(name, AVERAGE);
export const AVERAGE = 'ema';

/** The name of the i-th network's logits, as an output or as what others are fed. */
export const logitsName = (i: number) => `${networkPrefix(i)}logits`;

/** What is kept of a network where gradients are averaged over steps: whether any since the last update overflowed. */
export const OVERFLOWED = 'overflowed';

/** What a step keeps of a network beside its tensors and what the optimizer keeps of these: of loss scaling, and of updates left out. */
export const NETWORK_STATES = [...SCALING_STATES, OVERFLOWED, 'skipped_beta1', 'skipped_beta2'] as const;

/** What the i-th network alone is fed in a step with own inputs (see `StepGraph`). */
export function ownInputNames(i: number) {
  const prefix = networkPrefix(i);
  return { images: `${prefix}images`, partners: `${prefix}partners`, lambda: `${prefix}lambda` } as const;
}

/** What a step is fed beside `labels` whose shared images are mixed with each other (see `StepGraph`). */
export const MIXED_INPUTS = { partners: 'partners', lambda: 'lambda' } as const;

/** The input for the features that the i-th network's head is fed in a step on features; or what the others are shown of its own. */
export const featuresName = (i: number) => `${networkPrefix(i)}features`;

/** The input for the logits of a frozen teacher. */
export const TEACHER_LOGITS = 'teacher.logits';

/** The input for who teaches whom, where that is decided elsewhere. */
export const TEACHERS = 'teachers';

/** The weight by which student i's features are projected onto those of teacher j. */
export const projectionName = (i: number, j: number) => `${networkPrefix(i)}projection${j}.weight`;

/**
 * Fails where a network, which may be from elsewhere, gives a parameter the name of what a step makes of another.
 *
 * @param states - What the optimizer keeps of each weight.
 */
export function checkParameterNames({ name: network, parameters }: Graph, states: readonly string[]): void {
  for (const name of parameters.keys()) {
    const taken = [nextName(name), ...states.map((state) => stateName(name, state))].find((each) =>
      parameters.has(each),
    );
    if (taken === undefined) continue;
    fail(
      `network ${network}`,
      `parameter "${taken}" has the name that a training step gives to what it makes of "${name}"`,
      {
        hint: 'Rename one of them in the file that the network is from',
      },
    );
  }
}
