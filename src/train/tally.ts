import { type Tensor, toNumbers } from '../onnx/tensor.js';
import { present } from '../util/error.js';
import type { CheckpointHeader } from './checkpoint.js';
import type { StepEvent } from './events.js';

type Measured = Pick<StepEvent, 'ce' | 'kl' | 'feature' | 'total' | 'accuracy' | 'teachers'>;

/** What a step's outputs say. */
export function readStep(outputs: ReadonlyMap<string, Tensor>): Measured {
  const read = (name: string) => toNumbers(present(outputs.get(name), `output ${name}`));
  const teachers = read('teachers');
  const n = Math.round(Math.sqrt(teachers.length));
  return {
    ce: read('ce'),
    kl: read('kl'),
    feature: read('feature'),
    total: read('total'),
    accuracy: read('accuracy'),
    teachers: Array.from({ length: n }, (_, i) => teachers.slice(i * n, (i + 1) * n)),
  };
}

/** Sums over the steps of an epoch, one entry a network; saved and restored with a checkpoint inside an epoch. */
export class Tally {
  readonly #sums: CheckpointHeader['partial'];
  #steps: number;

  constructor(networks: number, restored?: { sums: CheckpointHeader['partial']; steps: number }) {
    const zeros = () => new Array<number>(networks).fill(0);
    this.#sums = restored ? structuredClone(restored.sums) : { loss: zeros(), accuracy: zeros(), won: zeros() };
    this.#steps = restored?.steps ?? 0;
  }

  add({ ce, accuracy }: Measured): void {
    const { loss, accuracy: correct, won } = this.#sums;
    const best = ce.indexOf(Math.min(...ce));
    ce.forEach((value, i) => {
      loss[i] = (loss[i] ?? 0) + value;
      correct[i] = (correct[i] ?? 0) + (accuracy[i] ?? 0);
      won[i] = (won[i] ?? 0) + (i === best ? 1 : 0);
    });
    this.#steps++;
  }

  get sums(): CheckpointHeader['partial'] {
    return structuredClone(this.#sums);
  }

  /** Means of the epoch so far for each network. */
  means(): { loss: number; accuracy: number; won: number }[] {
    const { loss, accuracy, won } = this.#sums;
    const mean = (sum: number | undefined) => (sum ?? 0) / this.#steps;
    return loss.map((sum, i) => ({ loss: mean(sum), accuracy: mean(accuracy[i]), won: mean(won[i]) }));
  }
}
