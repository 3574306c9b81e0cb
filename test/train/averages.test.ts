import { expect, it } from 'vitest';
import type { GroupEvaluation } from '../../src/events/evaluation.js';
import { type Tensor, tensor, toNumbers } from '../../src/onnx/tensor.js';
import { averagedOf, evaluateBetter, withAverages } from '../../src/train/averages.js';

const scalarOf = (value: number) => tensor('float32', [], [value]);
const weightOf = (state: ReadonlyMap<string, Tensor>, name: string) =>
  toNumbers(state.get(name) as Tensor)[0] as number;

/** Weights of networks, their averages, and one that has none. */
function stateOf(weights: readonly number[], averages: readonly number[]): Map<string, Tensor> {
  return new Map([
    ...weights.map((value, i): [string, Tensor] => [`net${i}.w`, scalarOf(value)]),
    ...weights.map((_, i): [string, Tensor] => [`net${i}.frozen`, scalarOf(7)]),
    ...averages.map((value, i): [string, Tensor] => [`net${i}.w.ema`, scalarOf(value)]),
  ]);
}

/** As if a network's accuracy were its weight, and the ensemble's their product. */
async function measure(state: ReadonlyMap<string, Tensor>): Promise<GroupEvaluation> {
  const weights = [0, 1].map((i) => weightOf(state, `net${i}.w`));
  const evaluationOf = (accuracy: number) => ({ loss: 1, accuracy, top5: 1, ece: 0 });
  return {
    networks: weights.map(evaluationOf),
    ensemble: evaluationOf((weights[0] as number) * (weights[1] as number)),
  };
}

it('averages take the place of the weights of some networks', () => {
  const state = withAverages(stateOf([0.1, 0.2], [0.3, 0.4]), [1]);
  expect(['net0.w', 'net1.w', 'net1.frozen', 'net0.w.ema'].map((name) => weightOf(state, name))).toEqual(
    [0.1, 0.4, 7, 0.3].map(Math.fround),
  );
});

it.each([
  { weights: [0.5, 0.75], averages: [0.25, 0.75], better: [], accuracies: [0.5, 0.75] },
  { weights: [0.5, 0.75], averages: [0.25, 1], better: [1], accuracies: [0.5, 1] },
  { weights: [0.5, 0.75], averages: [0.75, 1], better: [0, 1], accuracies: [0.75, 1] },
])(
  'the better of weights $weights and averages $averages counts',
  async ({ weights, averages, better, accuracies }) => {
    const evaluation = await evaluateBetter(stateOf(weights, averages), measure);
    expect(averagedOf(evaluation)).toEqual(better);
    expect(evaluation.networks.map(({ accuracy }) => accuracy)).toEqual(accuracies);
    expect(evaluation.ensemble.accuracy).toBe((accuracies[0] as number) * (accuracies[1] as number));
  },
);
