import type { Loader } from '../data/batch/loader.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { networkPrefix } from '../distill/step.js';
import { lowest } from '../distill/trial.js';
import type { GroupEvaluation } from '../events/evaluation.js';
import type { EpochEvent, NetworkEpoch, Position, RunMemory } from '../events/events.js';
import type { Tensor } from '../onnx/tensor.js';
import { float32Data } from '../onnx/tensor.js';
import type { Span } from '../settings/spans.js';
import { bestOf, isBetter } from '../store/best-network.js';
import { type Checkpoint, type CheckpointHeader, TRIAL_PREFIX } from '../store/checkpoint-format.js';
import { present } from '../util/error.js';
import { averagedOf, evaluateBetter, withAverages } from './averages.js';
import type { NetworkBatch } from './batch-inputs.js';
import type { CheckpointSaver } from './checkpoint-saver.js';
import { failDiverged } from './diverged.js';
import { endsEarly } from './early-stopping.js';
import { type StepContext, trainSteps } from './epoch-steps.js';
import { evaluate, loadPredictors, type NetworkPredictor } from './evaluate.js';
import type { ParameterPerturbation } from './parameter-perturbation.js';
import { Stopped } from './stop.js';
import { Tally } from './tally.js';

/** What the loop works with. */
export interface LoopContext extends StepContext {
  readonly input: Preprocessing;
  /** Tensors of the networks that no step changes or knows, as those of backbones whose features are known. */
  readonly fixed: ReadonlyMap<string, Tensor>;
  readonly predictors: readonly NetworkPredictor[];
  /** What the run is about to take of the memory, where that is known. */
  readonly memory: RunMemory | undefined;
  /** Unless nothing is held out. Its epochs throw {@link Stopped} when a stop is asked for. */
  readonly validation: Loader<NetworkBatch> | undefined;
  /** All images of a split, in order, for evaluation; likewise. */
  readonly evaluation: (split: 'validation' | 'test') => Loader<NetworkBatch>;
  /** The epochs that are trained with this step. */
  readonly span: Span;
  /** What a checkpoint says beside position, sums, times, best, trial and tensors. */
  readonly constants: Pick<
    Checkpoint,
    'settings' | 'classes' | 'stepsPerEpoch' | 'dataFingerprint' | 'preprocessing' | 'forms' | 'origin'
  >;
  readonly resumed: Checkpoint | undefined;
  readonly saver: CheckpointSaver;
}

/** Where training ended: after the last epoch of its span, with what a run goes on from there, or short of that. */
export type LoopEnd =
  | { readonly stoppedAt: Position; readonly checkpoint?: undefined }
  | { readonly stoppedAt?: undefined; readonly checkpoint: Checkpoint };

type Best = NonNullable<CheckpointHeader['best']>;

/** How far a run has come, beside its tensors. */
interface Progress extends Position {
  readonly tally: Tally;
  readonly best: Best | null;
  readonly epochs: NonNullable<CheckpointHeader['epochs']>;
  /** Wall time of the training steps of finished epochs. */
  readonly seconds: number;
}

/** Epochs whose events a checkpoint holds, at most: about a megabyte. A log that a kill cut off lacks the last one. */
const KEPT_EPOCHS = 1000;

/** Trains from the resumed position, or the start, to the last epoch of the span, or to the one that ends the run early. What it had come to when it failed is saved. */
export async function trainLoop(context: LoopContext): Promise<LoopEnd> {
  try {
    const end = await trainEpochs(context);
    await context.saver.flush();
    return end;
  } catch (error) {
    await context.saver.flush().catch(() => undefined);
    throw error;
  }
}

async function trainEpochs(context: LoopContext): Promise<LoopEnd> {
  const { settings, resumed, saver, span } = context;
  const tally = new Tally(context.networks.length, resumed?.partial);
  let seconds = (resumed?.seconds ?? 0) - tally.seconds;
  let best = resumed?.best ?? null;
  const epochs = [...(resumed?.epochs ?? [])];
  let position: Position = resumed?.position ?? { epoch: 0, step: 0 };
  let checkpoint = resumed;

  for (let epoch = position.epoch; epoch < span.end && !endsEarly(settings, best, position); epoch++) {
    const known = { tally, best, epochs, seconds };
    const trained = await trainEpoch(context, position, known);
    const { state } = trained;
    position = trained.position;
    const withoutTrial = context.perturbation?.withoutTrial(state) ?? state;
    const whole = position.step === context.training.steps;
    const validation = whole ? await validate(context, withoutTrial, epoch) : undefined;
    if (!validation) {
      await saver.save(snapshot(context, state, { ...position, ...known }, context.perturbation?.saved));
      return { stoppedAt: position };
    }
    const [networks, group] = [tally.networkMeans(), tally.groupMeans()];
    const before = best;
    best = bestSoFar(before, epoch, networks, validation);
    const improved = best !== before;

    seconds += group.seconds;
    tally.nextEpoch();
    position = { epoch: epoch + 1, step: 0 };
    const event: EpochEvent = {
      type: 'epoch',
      epoch,
      lr: context.rates.at((epoch + 1) * context.training.steps - 1),
      networks: networks.map((mean, i) => {
        const validated = validation.networks?.[i];
        return { ...mean, ...(validated && { validation: validated }) };
      }),
      best: improved && validation.networks !== undefined,
      ...group,
      imagesPerSecond: (context.training.steps * settings.batchSize) / group.seconds,
    };
    context.rates.finishEpoch(networks, validation.networks);
    epochs.push({ ...event });
    if (epochs.length > KEPT_EPOCHS) epochs.shift();
    const progress = { ...position, tally, best, epochs, seconds };
    checkpoint = snapshot(context, state, progress, context.perturbation?.saved);
    const better = withAverages(withoutTrial, averagedOf(validation));
    await saver.save(checkpoint, improved ? snapshot(context, better, progress) : undefined);
    context.emit(event);
  }
  return { checkpoint: present(checkpoint, 'a checkpoint') };
}

/**
 * Trains the steps of an epoch from a position on, to its end or to where a stop is asked for. In between it saves the run when a
 * checkpoint is due.
 */
async function trainEpoch(
  context: LoopContext,
  begin: Position,
  known: Omit<Progress, keyof Position>,
): Promise<{ readonly position: Position; readonly state: ReadonlyMap<string, Tensor> }> {
  const { saver, training, stopRequested } = context;
  for (let position = begin; ; ) {
    if (saver.isDue) {
      const state = await readState(context, position);
      await saver.save(snapshot(context, state, { ...position, ...known }, context.perturbation?.saved));
      await saver.flush();
    }
    position = await trainSteps(context, position, known.tally);
    if (position.step < training.steps && !stopRequested()) continue;
    return { position, state: await readState(context, position) };
  }
}

/** All tensors of the networks, which must be finite. */
async function readState(context: LoopContext, position: Position): Promise<ReadonlyMap<string, Tensor>> {
  const trained = await context.stepper.state();
  checkState(context, context.perturbation?.withoutTrial(trained) ?? trained, position);
  return new Map([...context.fixed, ...trained]);
}

/** Evaluates the networks after an epoch, if something is held out for that; undefined when a stop was asked for meanwhile. */
async function validate(
  context: LoopContext,
  state: ReadonlyMap<string, Tensor>,
  epoch: number,
): Promise<Partial<GroupEvaluation> | undefined> {
  if (!context.validation) return {};
  context.emit({ type: 'phase', phase: 'validation' });
  const { predictors, validation, input, settings } = context;
  const measure = (tensors: ReadonlyMap<string, Tensor>) => {
    loadPredictors(predictors, tensors);
    return evaluate(predictors, validation, input, { task: settings.task });
  };
  const evaluating = settings.ema === null ? measure(state) : evaluateBetter(state, measure);
  const evaluation = await evaluating.catch(undefinedIfStopped);
  if (!evaluation) return undefined;
  evaluation.networks.forEach(({ loss }, i) => {
    if (!Number.isFinite(loss))
      failDiverged(context.networks, i, `its validation loss is ${loss} after epoch ${epoch + 1}`);
  });
  return evaluation;
}

/** Fails where the state after some step is not finite. A loss shows only a step later that an update has spoilt the parameters. */
function checkState({ networks }: LoopContext, state: ReadonlyMap<string, Tensor>, { epoch, step }: Position): void {
  for (const [name, tensor] of state) {
    if (float32Data(tensor).every(Number.isFinite)) continue;
    const network = networks.findIndex((_, i) => name.startsWith(networkPrefix(i)));
    failDiverged(networks, network, `${name} is not finite after step ${step} of epoch ${epoch + 1}`);
  }
}

function undefinedIfStopped(error: unknown): undefined {
  if (!(error instanceof Stopped)) throw error;
}

function snapshot(
  { constants, fixed, rates }: LoopContext,
  state: ReadonlyMap<string, Tensor>,
  { epoch, step, tally, best, epochs, seconds }: Progress,
  open?: ParameterPerturbation['saved'],
): Checkpoint {
  return {
    ...constants,
    position: { epoch, step },
    partial: tally.sums,
    // It may be written later
    epochs: [...epochs],
    seconds: seconds + tally.seconds,
    best,
    ...(rates.reached && { plateau: rates.reached }),
    trial: open ? { ...open.trial, ce: [...open.trial.ce] } : null,
    tensors: new Map([...state, ...(open ? [...trialOf(open.trial.network, fixed), ...open.tensors] : [])]),
  };
}

/** What of a network on trial no step changes is as it was before. */
function trialOf(network: number, fixed: LoopContext['fixed']): (readonly [string, Tensor])[] {
  const own = [...fixed].filter(([name]) => name.startsWith(networkPrefix(network)));
  return own.map(([name, value]) => [TRIAL_PREFIX + name, value]);
}

/** Where nothing is held out the last epoch is the best, and in it the network with the lowest training loss. */
function bestSoFar(
  best: Best | null,
  epoch: number,
  means: readonly Pick<NetworkEpoch, 'loss'>[],
  { networks, ensemble }: Partial<GroupEvaluation>,
): Best {
  if (!networks) return { epoch, network: lowest(means.map(({ loss }) => loss)) };
  const network = bestOf(networks);
  const improved = isBetter(networks[network], best?.validation?.[best.network]);
  return best && !improved ? best : { epoch, network, validation: networks, ensemble };
}
