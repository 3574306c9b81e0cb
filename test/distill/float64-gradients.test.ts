import { describe, expect, it } from 'vitest';
import { float64, toFloat64 } from '../../scripts/verify/float64/base/tensor.js';
import { evaluate } from '../../scripts/verify/float64/interpreter.js';
import type { StepOptions, StepSettings } from '../../src/distill/step.js';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { present } from '../../src/util/error.js';
import { stream } from '../../src/util/random.js';
import { openStep, resNet } from './steps.js';

const H = 1e-6;

/** Steps with own inputs: images mixed with others, labels mixed by each network's lambda. */
const CASES: readonly (readonly [string, Partial<StepSettings>, Partial<StepOptions>])[] = [
  ['argmin, smoothed labels', { rule: 'argmin', labelSmoothing: 0.1 }, {}],
  [
    'all, compared features, frozen teacher, unlabelled images',
    { rule: 'all', temperature: 2, beta: 0.5, featureProjection: true, teacher: { weight: 0.5, temperature: 3 } },
    { unlabelled: 3 },
  ],
  [
    'all-better, projected features, frozen teacher',
    {
      rule: 'all-better',
      temperature: 2,
      beta: 0.5,
      featureProjection: true,
      teacher: { weight: 0.5, temperature: 3 },
    },
    {},
  ],
];

describe('gradients of a step with mixed labels, in float64', () => {
  it.each(CASES)('are the slopes of each network: %s', async (title, settings, options) => {
    const open = await openStep([resNet(), resNet([6, 4])], { settings, options: { ownInputs: true, ...options } });
    await open.close();
    const { step, state, batch } = open;
    const feeds = new Map<string, Tensor>([...state, ...Object.entries(batch)]);
    const lambdas = [0, 1].map((i) => toNumbers(present(feeds.get(`net${i}.lambda`), 'lambda'))[0] as number);
    for (const lambda of lambdas) expect(Math.abs(lambda - 0.5)).toBeLessThan(0.45);
    const results = evaluate(step.graph, feeds);

    for (const network of [0, 1]) {
      const weights = step.state.filter(
        (name) => name.startsWith(`net${network}.`) && step.graph.parameters.get(name)?.role === 'weight',
      );
      const random = stream(5, title, network);
      const directions = new Map(
        weights.map((name) => {
          const { dims, data } = toFloat64(present(feeds.get(name), name));
          return [
            name,
            float64(
              dims,
              data.map(() => random.normal()),
            ),
          ] as const;
        }),
      );
      const totalAt = (h: number) => {
        const moved = [...directions].map(([name, { dims, data }]) => {
          const from = toFloat64(present(feeds.get(name), name)).data;
          return [
            name,
            float64(
              dims,
              from.map((x, i) => x + h * (data[i] as number)),
            ),
          ] as const;
        });
        const outputs = evaluate(step.graph, new Map([...feeds, ...moved]));
        expect(outputs.get('teachers')).toEqual(results.get('teachers'));
        return present(outputs.get('total'), 'total').data[network] as number;
      };
      const slope = (totalAt(H) - totalAt(-H)) / (2 * H);
      const gradient = [...directions].reduce((sum, [name, { data }]) => {
        const own = present(results.get(`${name}.grad`), name).data;
        return data.reduce((part, x, i) => part + x * (own[i] as number), sum);
      }, 0);
      expect(Math.abs(slope), `network ${network}`).toBeGreaterThan(1e-2);
      expect(Math.abs(gradient / slope - 1), `network ${network}: ${gradient}, ${slope}`).toBeLessThan(1e-6);
    }
  });
});
