import type { Tensor } from '../onnx/tensor.js';
import type { Checkpoint } from '../store/checkpoint-format.js';
import { fail, messageOf } from '../util/error.js';
import { checkEngine } from './check-engine.js';
import { openPageEngine } from './page-engine.js';
import type { PageEngine, PageSubject } from './page-run.js';
import type { Provider } from './web/provider.js';
import { requireGraphicsCard, WebRuntime } from './web/web-runtime.js';

/** An engine, and the state that it begins with. */
export interface ChosenEngine {
  readonly engine: PageEngine;
  readonly begin: ReadonlyMap<string, Tensor>;
}

export interface EngineChoice {
  /** Only this one. */
  readonly provider?: Provider | undefined;
  readonly runtimeUrl: string;
  /** What a training goes on from. */
  readonly after: Checkpoint | undefined;
}

/** Opens the engine of a training on the graphics card where its first steps give the processor's numbers, else on the processor. */
export async function chooseEngine(subject: PageSubject, choice: EngineChoice): Promise<ChosenEngine> {
  const { provider: only, runtimeUrl, after } = choice;
  if (only !== 'wasm') {
    try {
      return await openOnCard(subject, choice);
    } catch (error) {
      if (only === 'webgpu') fail('webgpu', `it can't train this: ${messageOf(error)}`, { cause: error });
      const message = `training on the processor, as the graphics card can't: ${messageOf(error)}`;
      subject.emit({ type: 'note', message });
    }
  }
  return openPageEngine(subject, await WebRuntime.load('wasm', runtimeUrl, subject.settings.threads), after);
}

async function openOnCard(subject: PageSubject, { runtimeUrl, after }: EngineChoice): Promise<ChosenEngine> {
  await requireGraphicsCard();
  const runtime = await WebRuntime.load('webgpu', runtimeUrl, subject.settings.threads);
  const chosen = await openPageEngine(subject, runtime, after);
  try {
    await checkEngine(subject, chosen.engine, chosen.begin);
    subject.emit({ type: 'note', message: onCardNote(chosen.engine) });
    return chosen;
  } catch (error) {
    await chosen.engine.close();
    throw error;
  }
}

function onCardNote({ isRecorded }: PageEngine): string {
  return `training on the graphics card${isRecorded ? ', which repeats the recorded commands of a step' : ''}`;
}
