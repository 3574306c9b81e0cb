import type { Batch, Loader } from '../data/loader.js';
import { type Tensor, tensor } from '../onnx/tensor.js';
import { createOptimizer } from '../optim/optimizer.js';
import { learningRateAt } from '../optim/schedule.js';
import type { Predictor } from '../runtime/predictor.js';
import type { Stepper } from '../runtime/stepper.js';
import { fail } from '../util/error.js';
import { stream } from '../util/random.js';
import type { Checkpoint, CheckpointHeader } from './checkpoint.js';
import { evaluate, loadPredictors } from './evaluate.js';
import type { Emit, Evaluation, NetworkInfo, Position, StepEvent } from './events.js';
import type { Settings } from './settings.js';
import { readStep, Tally } from './tally.js';

/** What the loop works with. */
export interface LoopContext {
  readonly settings: Settings;
  readonly networks: readonly NetworkInfo[];
  readonly input: CheckpointHeader['preprocessing'];
  readonly uniforms: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly stepper: Stepper;
  readonly predictors: readonly Predictor[];
  readonly training: Loader;
  readonly validation: Loader;
  /** What a checkpoint says beside position, sums, best and tensors. */
  readonly constants: Pick<Checkpoint, 'settings' | 'classes' | 'dataFingerprint' | 'preprocessing'>;
  readonly resumed: Checkpoint | undefined;
  readonly emit: Emit;
  /** Seconds on a clock that only goes forward. */
  readonly now: () => number;
  readonly stopRequested: () => boolean;
  readonly saveLast: (checkpoint: Checkpoint) => Promise<void>;
  readonly saveBest: (checkpoint: Checkpoint) => Promise<void>;
}

type Best = NonNullable<CheckpointHeader['best']>;

/** Trains from the resumed position, or the start, to the last epoch. Returns the best epoch, or undefined when stopped. */
export async function trainLoop(context: LoopContext): Promise<Best | undefined> {
  const { settings, resumed } = context;
  let position: Position = resumed?.position ?? { epoch: 0, step: 0 };
  let best = resumed?.best ?? null;
  let tally = new Tally(context.networks.length, resumed && { sums: resumed.partial, steps: resumed.position.step });

  for (let epoch = position.epoch; epoch < settings.epochs; epoch++) {
    const started = context.now();
    const first = position.step;
    position = await trainEpoch(context, { epoch, step: first }, tally);
    if (position.step < context.training.steps) {
      await context.saveLast(await snapshot(context, position, tally, best));
      return undefined;
    }
    const seconds = context.now() - started;

    const state = await context.stepper.state();
    const validation = await validate(context, state);
    const winner = bestOf(validation);
    const improved = best === null || isBetter(validation[winner], best.validation[best.network]);
    if (improved) best = { epoch, network: winner, validation };

    position = { epoch: epoch + 1, step: 0 };
    const means = tally.means();
    tally = new Tally(context.networks.length);
    const checkpoint = await snapshot(context, position, tally, best);
    if (improved) await context.saveBest(checkpoint);
    await context.saveLast(checkpoint);
    context.emit({
      type: 'epoch',
      epoch,
      lr: rateAt(context, { epoch, step: context.training.steps - 1 }),
      networks: means.map((mean, i) => ({ ...mean, validation: validation[i] as Evaluation })),
      best: improved,
      seconds,
      imagesPerSecond: ((context.training.steps - first) * settings.batchSize) / seconds,
    });
  }
  return best ?? undefined;
}

/** The steps of an epoch from a position on; returns where it ended, which is short of the end after a stop. */
async function trainEpoch(context: LoopContext, from: Position, tally: Tally): Promise<Position> {
  const { epoch } = from;
  let { step } = from;
  let asked = context.now();
  for await (const batch of context.training.epoch({ epoch, firstStep: step })) {
    if (context.stopRequested()) break;
    const received = context.now();
    const outputs = readStep(await context.stepper.step(feedsFor(context, batch, { epoch, step })));
    checkFinite(context, outputs.total, { epoch, step });
    tally.add(outputs);
    const now = context.now();
    const lr = rateAt(context, { epoch, step });
    context.emit({ type: 'step', epoch, step, lr, ...outputs, seconds: now - asked, waited: received - asked });
    asked = now;
    step++;
  }
  return { epoch, step };
}

function feedsFor(context: LoopContext, batch: Batch, position: Position): Record<string, Tensor> {
  const { settings, input, training } = context;
  const count = position.epoch * training.steps + position.step;
  const scalars = createOptimizer(settings.optimizer).scalarsAt(rateAt(context, position), count + 1);
  const feeds: Record<string, Tensor> = {
    images: tensor('float32', [batch.size, input.channels, input.height, input.width], batch.images),
    labels: tensor('int64', [batch.size], BigInt64Array.from(batch.labels, BigInt)),
  };
  for (const [name, value] of Object.entries(scalars)) feeds[name] = tensor('float32', [], [value]);
  for (const { name, shape } of context.uniforms) {
    const random = stream(settings.seed, 'uniform', name, count);
    const numbers = Float32Array.from({ length: shape.reduce((n, dim) => n * dim, 1) }, () => random.uniform());
    feeds[name] = tensor('float32', shape, numbers);
  }
  return feeds;
}

function rateAt({ settings, training }: LoopContext, { epoch, step }: Position): number {
  const { schedule, warmupEpochs, epochs, optimizer } = settings;
  const stepsPerEpoch = training.steps;
  return learningRateAt(epoch * stepsPerEpoch + step, {
    base: optimizer.lr,
    schedule,
    warmupEpochs,
    epochs,
    stepsPerEpoch,
  });
}

async function validate(context: LoopContext, state: ReadonlyMap<string, Tensor>): Promise<Evaluation[]> {
  context.emit({ type: 'phase', phase: 'validation' });
  loadPredictors(context.predictors, state);
  return evaluate(context.predictors, context.validation, context.input);
}

async function snapshot(
  context: LoopContext,
  position: Position,
  tally: Tally,
  best: Best | null,
): Promise<Checkpoint> {
  return { ...context.constants, position, partial: tally.sums, best, tensors: await context.stepper.state() };
}

/** The network with the highest validation accuracy, of equals the one with the lowest loss. */
function bestOf(evaluations: readonly Evaluation[]): number {
  return evaluations.reduce((best, each, i) => (isBetter(each, evaluations[best]) ? i : best), 0);
}

function isBetter(a: Evaluation | undefined, b: Evaluation | undefined): boolean {
  if (!a || !b) return a !== undefined;
  return a.accuracy > b.accuracy || (a.accuracy === b.accuracy && a.loss < b.loss);
}

function checkFinite({ networks }: LoopContext, totals: StepEvent['total'], { epoch, step }: Position): void {
  const at = totals.findIndex((total) => !Number.isFinite(total));
  if (at < 0) return;
  fail(`network ${at} (${networks[at]?.name})`, `its loss is ${totals[at]} in step ${step + 1} of epoch ${epoch + 1}`, {
    expected: 'a finite number',
    hint: 'Lower the learning rate (--lr), or warm it up (--warmup-epochs 1). Checkpoints of finished epochs are kept',
  });
}
