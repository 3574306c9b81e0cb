import { type Group, initialParameters, initialState, updatesBefore } from '../group/group.js';
import type { Tensor } from '../onnx/tensor.js';
import { updatesIn } from '../settings/learning-rate.js';
import { type Span, spanAt } from '../settings/spans.js';
import type { Checkpoint } from '../store/checkpoint-format.js';
import { openPageInputs, type PageInputs } from './page-inputs.js';
import type { PageEngine, PageSubject } from './page-run.js';
import { openWebStep } from './web/open-web-step.js';
import type { WebRuntime } from './web/web-runtime.js';

/** Opens what runs the epochs after a checkpoint, or from the start, with the state that they begin with. */
export async function openPageEngine(
  subject: PageSubject,
  runtime: WebRuntime,
  after: Checkpoint | undefined,
): Promise<{ engine: PageEngine; begin: ReadonlyMap<string, Tensor> }> {
  const { settings, group, files } = subject;
  const span = spanAt(settings, after?.position.epoch ?? 0);
  const tensors = after?.tensors ?? initialParameters(group, settings.seed);
  const inputs = await openPageInputs({ ...subject, tensors, runtime, digestOf: files.digestOf }, span);
  const { stepper, isRecorded } = await openWebStep(runtime, inputs.step);
  const stateAfter = (checkpoint: Checkpoint) => stateOf(checkpoint, { group, span, inputs, seed: settings.seed });
  const state = after ? stateAfter(after) : initialState(group, inputs.step, settings.seed);
  stepper.load(state);
  const engine: PageEngine = {
    span,
    runtime,
    inputs,
    stepper,
    isRecorded,
    updatesBefore:
      span.begin > 0
        ? -updatesIn(settings, span.begin * inputs.training.steps)
        : after
          ? 0
          : updatesBefore(group, inputs.step),
    stateAfter,
    close: async () => {
      await stepper.close();
      await inputs.close();
    },
  };
  return { engine, begin: new Map([...inputs.fixed, ...state]) };
}

interface Joining {
  readonly group: Group;
  readonly span: Span;
  readonly inputs: Pick<PageInputs, 'step'>;
  readonly seed: number;
}

/** Layers that join in begin with an optimizer that has seen nothing, and so do the others. */
function stateOf(
  { position, tensors }: Checkpoint,
  { group, span, inputs, seed }: Joining,
): ReadonlyMap<string, Tensor> {
  const joins = span.begin > 0 && position.epoch === span.begin && position.step === 0;
  if (!joins) return tensors;
  const { weights: _, ...networks } = group;
  const weights = { tensors, updates: 0, where: 'the epochs before' };
  return initialState({ ...networks, weights }, inputs.step, seed);
}
