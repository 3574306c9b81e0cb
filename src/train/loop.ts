import type { Batch, Loader } from '../data/loader.js';
import { networkPrefix } from '../distill/step.js';
import { elementCount, type Tensor, tensor } from '../onnx/tensor.js';
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
  readonly constants: Pick<Checkpoint, 'settings' | 'classes' | 'dataFingerprint' | 'preprocessing' | 'forms'>;
  readonly resumed: Checkpoint | undefined;
  readonly emit: Emit;
  /** Seconds on a clock that only goes forward. */
  readonly now: () => number;
  readonly stopRequested: () => boolean;
  readonly saveLast: (checkpoint: Checkpoint) => Promise<void>;
  readonly saveBest: (checkpoint: Checkpoint) => Promise<void>;
}

type Best = NonNullable<CheckpointHeader['best']>;

/** Trains from the resumed position, or the start, to the last epoch. Returns where it was stopped, if it was. */
export async function trainLoop(context: LoopContext): Promise<Position | undefined> {
  const { settings, resumed } = context;
  let position: Position = resumed?.position ?? { epoch: 0, step: 0 };
  let best = resumed?.best ?? null;
  let tally = new Tally(context.networks.length, resumed && { sums: resumed.partial, steps: resumed.position.step });

  for (let epoch = position.epoch; epoch < settings.epochs; epoch++) {
    const started = context.now();
    const first = position.step;
    position = await trainEpoch(context, { epoch, step: first }, tally);
    if (position.step < context.training.steps) {
      await context.saveLast(snapshot(context, await readState(context, position), position, tally, best));
      return position;
    }
    const seconds = context.now() - started;

    const state = await readState(context, position);
    const validation = await validate(context, state, epoch);
    const winner = bestOf(validation);
    const improved = best === null || isBetter(validation[winner], best.validation[best.network]);
    if (improved) best = { epoch, network: winner, validation };

    position = { epoch: epoch + 1, step: 0 };
    const means = tally.means();
    tally = new Tally(context.networks.length);
    const checkpoint = snapshot(context, state, position, tally, best);
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
  return undefined;
}

/** The steps of an epoch from a position on; returns where it ended, which is short of the end after a stop. */
async function trainEpoch(context: LoopContext, from: Position, tally: Tally): Promise<Position> {
  const { epoch } = from;
  let { step } = from;
  let asked = context.now();
  for await (const batch of context.training.epoch({ epoch, firstStep: step })) {
    if (context.stopRequested()) break;
    const received = context.now();
    const lr = rateAt(context, { epoch, step });
    const outputs = readStep(await context.stepper.step(feedsFor(context, batch, lr, { epoch, step })));
    checkFinite(context, outputs.total, { epoch, step });
    tally.add(outputs);
    const now = context.now();
    context.emit({ type: 'step', epoch, step, lr, ...outputs, seconds: now - asked, waited: received - asked });
    asked = now;
    step++;
  }
  return { epoch, step };
}

function feedsFor(context: LoopContext, batch: Batch, lr: number, position: Position): Record<string, Tensor> {
  const { settings, input, training } = context;
  const count = position.epoch * training.steps + position.step;
  const scalars = createOptimizer(settings.optimizer).scalarsAt(lr, count + 1);
  const feeds: Record<string, Tensor> = {
    images: tensor('float32', [batch.size, input.channels, input.height, input.width], batch.images),
    labels: tensor('int64', [batch.size], BigInt64Array.from(batch.labels, BigInt)),
  };
  for (const [name, value] of Object.entries(scalars)) feeds[name] = tensor('float32', [], [value]);
  for (const { name, shape } of context.uniforms) {
    const random = stream(settings.seed, 'uniform', name, count);
    const numbers = Float32Array.from({ length: elementCount(shape) }, () => random.uniform());
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

async function validate(
  context: LoopContext,
  state: ReadonlyMap<string, Tensor>,
  epoch: number,
): Promise<Evaluation[]> {
  context.emit({ type: 'phase', phase: 'validation' });
  loadPredictors(context.predictors, state);
  const evaluations = await evaluate(context.predictors, context.validation, context.input);
  evaluations.forEach(({ loss }, i) => {
    if (!Number.isFinite(loss)) failDiverged(context, i, `its validation loss is ${loss} after epoch ${epoch + 1}`);
  });
  return evaluations;
}

/** The state at the end of some step. A loss shows only a step later that an update has spoilt the parameters. */
async function readState({ stepper, networks }: LoopContext, { epoch, step }: Position): Promise<Map<string, Tensor>> {
  const state = await stepper.state();
  for (const [name, { data }] of state) {
    if ((data as Float32Array).every(Number.isFinite)) continue;
    const network = networks.findIndex((_, i) => name.startsWith(networkPrefix(i)));
    failDiverged({ networks }, network, `${name} is not finite after step ${step} of epoch ${epoch + 1}`);
  }
  return state;
}

function snapshot(
  { constants }: LoopContext,
  tensors: ReadonlyMap<string, Tensor>,
  position: Position,
  tally: Tally,
  best: Best | null,
): Checkpoint {
  return { ...constants, position, partial: tally.sums, best, tensors };
}

/** The network with the highest validation accuracy, of equals the one with the lowest loss. */
function bestOf(evaluations: readonly Evaluation[]): number {
  return evaluations.reduce((best, each, i) => (isBetter(each, evaluations[best]) ? i : best), 0);
}

function isBetter(a: Evaluation | undefined, b: Evaluation | undefined): boolean {
  if (!a || !b) return a !== undefined;
  return a.accuracy > b.accuracy || (a.accuracy === b.accuracy && a.loss < b.loss);
}

function checkFinite(context: LoopContext, totals: StepEvent['total'], { epoch, step }: Position): void {
  const at = totals.findIndex((total) => !Number.isFinite(total));
  if (at >= 0) failDiverged(context, at, `its loss is ${totals[at]} in step ${step + 1} of epoch ${epoch + 1}`);
}

function failDiverged({ networks }: Pick<LoopContext, 'networks'>, index: number, what: string): never {
  fail(`network ${index} (${networks[index]?.name})`, what, {
    expected: 'finite numbers',
    hint: 'Lower the learning rate (--lr), or warm it up (--warmup-epochs 1). Checkpoints of finished epochs are kept',
  });
}
