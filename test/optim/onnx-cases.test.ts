import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { adamw } from '../../src/optim/adamw.js';
import { sgd } from '../../src/optim/sgd.js';
import { ARCHIVE, readCase } from '../graph/support/onnx-cases.js';
import { SHARED_DATA } from '../graph/support/shared.js';
import { largestDifference, replay } from './optimizers.js';

/*
 * ONNX's training operators, where their semantics are those of our optimizers.
 * - Momentum (standard, nesterov): V' = alpha V + beta' (G + norm X), X' = X - R V' or X - R (G + norm X + alpha V').
 *   At T = 0, as in all cases, beta' is 1 whatever beta says: torch's SGD with momentum = alpha, weight decay = norm.
 *   At T > 0 with beta other than 1 that would be torch's dampening, which we don't have.
 * - Adam: its decay is added to the gradient (ours, AdamW's, is not) and at T = 0 nothing corrects the bias (ours always
 *   does). So the gradient is fed decayed, and the scalars that hold decay and correction are fed as "none"; the moments,
 *   the denominator and the step in the graph are the same.
 * - Adagrad has no counterpart.
 */
const CASES = ['momentum', 'momentum_multiple', 'nesterov_momentum', 'adam', 'adam_multiple'];
const absent = !existsSync(SHARED_DATA + ARCHIVE);

describe.skipIf(absent)(`ONNX's optimizer cases in ../shared/data/${ARCHIVE} (skipped where that is absent)`, () => {
  let root = '';
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'agon-optimizer-cases-'));
    const wanted = CASES.map((name) => `onnx-node-tests/v1.22.0/test_${name}`);
    execFileSync('tar', ['xJf', SHARED_DATA + ARCHIVE, '-C', root, ...wanted]);
  }, 30_000);
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each(CASES)('%s', async (name) => {
    const { model, inputs, outputs } = readCase(join(root, `onnx-node-tests/v1.22.0/test_${name}`));
    const node = model.graph.node[0];
    const attribute = (key: string) => node?.attribute?.find((each) => each.name === key);
    const number = (key: string) => attribute(key)?.f as number;
    const tensors = node?.input.map((input) => toNumbers(inputs.get(input) as Tensor)) ?? [];
    const expected = node?.output.map((output) => toNumbers(outputs.get(output) as Tensor)) ?? [];
    const [[rate], [step]] = tensors as [[number], [number]];
    expect(step).toBe(0);
    const [alpha, decay] = [number('alpha'), number('norm_coefficient')];
    const isAdam = node?.opType === 'Adam';
    const kinds = isAdam ? 4 : 3;
    const count = (tensors.length - 2) / kinds;
    expect(count).toBe(name.endsWith('multiple') ? 2 : 1);
    const nesterov = name.startsWith('nesterov');
    if (!isAdam) expect(new TextDecoder().decode(attribute('mode')?.s)).toBe(nesterov ? 'nesterov' : 'standard');
    const optimizer = isAdam
      ? adamw({ name: 'adamw', lr: rate, betas: [alpha, number('beta')], eps: number('epsilon'), weightDecay: 0 })
      : sgd({ name: 'sgd', lr: rate, momentum: alpha, weightDecay: decay, nesterov });
    const scalars = isAdam ? { decay: 1, step_size: rate, denominator_scale: 1 } : { learning_rate: rate };
    for (let i = 0; i < count; i++) {
      // inputs: R, T, then each kind for all parameters (X, G, V, H); outputs likewise (X, V, H)
      const of = (kind: number) => tensors[2 + kind * count + i] as number[];
      const [parameter, raw] = [of(0), of(1)];
      const gradient = isAdam ? raw.map((g, k) => g + decay * (parameter[k] as number)) : raw;
      const states = isAdam ? [of(2), of(3)] : [of(2)];
      const [got] = await replay(optimizer, { parameter, gradients: [gradient], states }, () => scalars);
      const results = [got?.parameter, ...(got?.states ?? [])];
      expect(results.length).toBe(kinds - 1);
      results.forEach((result, kind) => {
        const wanted = expected[kind * count + i] as number[];
        expect(largestDifference(result as number[], wanted), `parameter ${i}, output ${kind}`).toBeLessThan(2e-6);
      });
    }
  });
});
