import type { AdamWSettings, SgdSettings } from '../../src/optim/optimizer.js';
import type { Start, Trace } from './optimizers.js';

/** torch.optim.SGD's documentation, in float64. */
export function sgdLoop(start: Start, settings: SgdSettings, lrAt: (step: number) => number): Trace[] {
  const { momentum, weightDecay, nesterov } = settings;
  const p = [...start.parameter];
  const b = p.map(() => 0);
  return start.gradients.map((gradient, index) => {
    for (let i = 0; i < p.length; i++) {
      let g = (gradient[i] as number) + weightDecay * (p[i] as number);
      if (momentum !== 0) {
        b[i] = index === 0 ? g : momentum * (b[i] as number) + g;
        g = nesterov ? g + momentum * (b[i] as number) : (b[i] as number);
      }
      p[i] = (p[i] as number) - lrAt(index + 1) * g;
    }
    return { parameter: [...p], states: momentum === 0 ? [] : [[...b]] };
  });
}

/** torch.optim.AdamW's documentation, in float64. */
export function adamwLoop(start: Start, settings: AdamWSettings, lrAt: (step: number) => number): Trace[] {
  const { betas, eps, weightDecay } = settings;
  const p = [...start.parameter];
  const [m, v] = [p.map(() => 0), p.map(() => 0)];
  return start.gradients.map((gradient, index) => {
    const [t, lr] = [index + 1, lrAt(index + 1)];
    for (let i = 0; i < p.length; i++) {
      const g = gradient[i] as number;
      p[i] = (p[i] as number) - lr * weightDecay * (p[i] as number);
      m[i] = betas[0] * (m[i] as number) + (1 - betas[0]) * g;
      v[i] = betas[1] * (v[i] as number) + (1 - betas[1]) * g * g;
      const mHat = (m[i] as number) / (1 - betas[0] ** t);
      const vHat = (v[i] as number) / (1 - betas[1] ** t);
      p[i] = (p[i] as number) - (lr * mHat) / (Math.sqrt(vHat) + eps);
    }
    return { parameter: [...p], states: [[...m], [...v]] };
  });
}

/** AdamW as transformers.AdamW's source has it, in float64: eps before the correction, decay last. */
export function huggingFaceAdamwLoop(start: Start, settings: AdamWSettings, lrAt: (step: number) => number): Trace[] {
  const { betas, eps, weightDecay } = settings;
  const p = [...start.parameter];
  const [m, v] = [p.map(() => 0), p.map(() => 0)];
  return start.gradients.map((gradient, index) => {
    const [t, lr] = [index + 1, lrAt(index + 1)];
    const stepSize = (lr * Math.sqrt(1 - betas[1] ** t)) / (1 - betas[0] ** t);
    for (let i = 0; i < p.length; i++) {
      const g = gradient[i] as number;
      m[i] = betas[0] * (m[i] as number) + (1 - betas[0]) * g;
      v[i] = betas[1] * (v[i] as number) + (1 - betas[1]) * g * g;
      p[i] = (p[i] as number) - (stepSize * (m[i] as number)) / (Math.sqrt(v[i] as number) + eps);
      p[i] = (p[i] as number) - lr * weightDecay * (p[i] as number);
    }
    return { parameter: [...p], states: [[...m], [...v]] };
  });
}
