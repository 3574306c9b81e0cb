import type { InferenceSession, Tensor } from 'onnxruntime-web';
import { checkImage } from '../content/check-image.js';
import {
  type Check,
  DESCRIPTION_FILE,
  MODEL_FILE,
  type PageDescription,
  type Provider,
  RUNTIME_FOLDER,
  RUNTIMES,
  TOLERANCE,
} from '../content/page-description.js';
import type { Opened } from './messages.js';

type Runtime = typeof import('onnxruntime-web');

/** A model that has been shown to answer as in Node.js. */
export interface OpenModel extends Opened {
  /** The probabilities of an image, uint8 [height, width, 3]. */
  run(samples: Uint8Array, height: number, width: number): Promise<Float32Array>;
}

/** No way to run the model was right. */
export class NoWay extends Error {
  constructor(readonly reasons: readonly string[]) {
    super(reasons.join('; '));
  }
}

/** Opens the page's model on the graphics card, or else, or where its answers are others there, on the processor. */
export async function openModel(only: Provider | null, tell: (what: string) => void): Promise<OpenModel> {
  const { check } = (await (await load(DESCRIPTION_FILE)).json()) as PageDescription;
  tell('the model');
  const model = new Uint8Array(await (await load(MODEL_FILE)).arrayBuffer());
  const reasons: string[] = [];
  for (const provider of only ? [only] : (['webgpu', 'wasm'] as const)) {
    try {
      if (provider === 'webgpu') await findAdapter();
      tell(`ONNX Runtime (${provider})`);
      return { ...(await openOn(provider, model, check)), reasons };
    } catch (error) {
      reasons.push(`${provider}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new NoWay(reasons);
}

async function openOn(provider: Provider, model: Uint8Array, check: Check): Promise<Omit<OpenModel, 'reasons'>> {
  const ort = (await import(addressOf(`${RUNTIME_FOLDER}/${RUNTIMES[provider].module}`))) as Runtime;
  ort.env.logLevel = 'error';
  const session = await ort.InferenceSession.create(model, { executionProviders: [provider], logSeverityLevel: 3 });
  const run = runnerOf(ort, session);
  const { height, width, probabilities } = check;
  const got = await run(checkImage(height, width), height, width);
  const differences = probabilities.map((expected, i) => Math.abs(expected - (got[i] ?? Number.NaN)));
  const difference = Math.max(...differences);
  // Written so that NaN fails, too.
  if (!(difference <= TOLERANCE)) throw new Error(`its probabilities differ from those of Node.js by ${difference}`);
  return { provider, threads: self.crossOriginIsolated ? (ort.env.wasm.numThreads ?? 1) : 1, difference, run };
}

function runnerOf(ort: Runtime, session: InferenceSession): OpenModel['run'] {
  return async (samples, height, width) => {
    const image = new ort.Tensor('uint8', samples, [1, height, width, 3]);
    const { probabilities } = await session.run({ image }, ['probabilities']);
    return (probabilities as Tensor).data as Float32Array;
  };
}

async function findAdapter(): Promise<void> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<unknown> } };
  if (!gpu) throw new Error('this browser has no WebGPU');
  if (!(await gpu.requestAdapter())) throw new Error('there is no graphics card that this browser uses');
}

async function load(file: string): Promise<Response> {
  const response = await fetch(addressOf(file));
  if (!response.ok) throw new Error(`${file}: the server answers ${response.status}`);
  return response;
}

const addressOf = (file: string) => new URL(file, self.location.href).href;
