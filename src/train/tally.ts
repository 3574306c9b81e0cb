import { SCALING_OUTPUTS } from '../distill/scaling/loss-scaling.js';
import { type Metrics, readMetrics } from '../distill/terms.js';
import type { EpochEvent, NetworkEpoch, StepEvent } from '../events/events.js';
import { addToSums, noSums, perturbationResults } from '../lineage/epoch-sums.js';
import { lineageOf } from '../lineage/lineage.js';
import { type Tensor, toNumbers } from '../onnx/tensor.js';
import type { CheckpointHeader } from '../store/checkpoint.js';
import { present } from '../util/error.js';

/** What a step measured. */
export type Measured = Metrics & Pick<StepEvent, 'teachers' | 'lossScale' | 'overflowed'>;
type Sums = CheckpointHeader['partial'];

/** What a step's outputs say. */
export function readStep(outputs: ReadonlyMap<string, Tensor>): Measured {
  const read = (name: string) => toNumbers(present(outputs.get(name), `output ${name}`));
  const teachers = read('teachers');
  const n = Math.round(Math.sqrt(teachers.length));
  const rows = Array.from({ length: n }, (_, i) => teachers.slice(i * n, (i + 1) * n));
  const { scale, overflowed } = SCALING_OUTPUTS;
  const scaling = outputs.has(scale) && { lossScale: read(scale), overflowed: read(overflowed) };
  return { ...readMetrics(read), teachers: rows, ...scaling };
}

/** Sums over the steps of an epoch; saved and restored with a checkpoint inside an epoch. */
export class Tally {
  #sums: Sums;

  constructor(
    private readonly networks: number,
    restored?: Sums,
  ) {
    this.#sums = restored ? structuredClone(restored) : this.#begin(null);
  }

  add(event: StepEvent): void {
    const sums = this.#sums;
    const lineage = lineageOf(event);
    addToSums(sums.lineage, lineage, sums.teachers);
    sums.teachers = lineage.teachers.map((row) => [...row]);
    sums.loss = sums.loss.map((sum, i) => sum + (event.ce[i] ?? 0));
    sums.accuracy = sums.accuracy.map((sum, i) => sum + (event.accuracy[i] ?? 0));
    sums.seconds += event.seconds;
    sums.waited += event.waited;
  }

  /** Begins the next epoch; who taught last is still known. */
  nextEpoch(): void {
    this.#sums = this.#begin(this.#sums.teachers);
  }

  get sums(): Sums {
    return structuredClone(this.#sums);
  }

  /** Wall time of the epoch's steps so far. */
  get seconds(): number {
    return this.#sums.seconds;
  }

  /** Of each network, over the epoch so far. */
  networkMeans(): Omit<NetworkEpoch, 'validation'>[] {
    const { loss, accuracy, lineage } = this.#sums;
    const mean = (sum: number | undefined) => (sum ?? 0) / lineage.steps;
    return loss.map((sum, i) => {
      const won = mean(lineage.won[i]);
      return { loss: mean(sum), accuracy: mean(accuracy[i]), won, klMass: lineage.kl[i] ?? 0 };
    });
  }

  /** Of the group, over the epoch so far. */
  groupMeans(): Pick<EpochEvent, 'roleChanges' | 'margin' | 'perturbations' | 'seconds' | 'waited'> {
    const { lineage, seconds, waited } = this.#sums;
    const { roleChanges, margin, steps } = lineage;
    return { roleChanges, margin: margin / steps, perturbations: perturbationResults(lineage), seconds, waited };
  }

  #begin(teachers: Sums['teachers']): Sums {
    const zeros = () => new Array<number>(this.networks).fill(0);
    return { loss: zeros(), accuracy: zeros(), lineage: noSums(this.networks), teachers, seconds: 0, waited: 0 };
  }
}
