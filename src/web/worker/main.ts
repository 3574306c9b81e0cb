import type { Prediction, Reply, Request } from './messages.js';
import { NoWay, type OpenModel, openModel } from './open-model.js';
import { decode, samplesOf, thumbnailOf } from './pixels.js';

let model: OpenModel | undefined;
let last: Promise<void> = Promise.resolve();

// One after another: a session runs once at a time.
self.addEventListener('message', ({ data }: MessageEvent<Request>) => {
  last = last.then(() => answer(data));
});

const post = (reply: Reply, transferred: Transferable[] = []) => self.postMessage(reply, { transfer: transferred });

async function answer(request: Request): Promise<void> {
  try {
    if (request.kind === 'open') return await open(request.only);
    const prediction = await predict(request.image, request.thumbnail);
    const { thumbnail } = prediction;
    post({ kind: 'predicted', id: request.id, ...prediction }, thumbnail ? [thumbnail] : []);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (request.kind === 'open') post({ kind: 'closed', reasons: error instanceof NoWay ? error.reasons : [reason] });
    else post({ kind: 'failed', id: request.id, reason });
  }
}

async function open(only: Extract<Request, { kind: 'open' }>['only']): Promise<void> {
  model = await openModel(only, (what) => post({ kind: 'loading', what }));
  const { provider, threads, difference, reasons } = model;
  post({ kind: 'opened', provider, threads, difference, reasons });
}

async function predict(image: Blob | ImageBitmap, wantsThumbnail: boolean): Promise<Prediction> {
  if (!model) throw new Error('the model is not open');
  const bitmap = image instanceof Blob ? await decode(image) : image;
  const { width, height } = bitmap;
  const samples = samplesOf(bitmap);
  const thumbnail = wantsThumbnail ? await thumbnailOf(bitmap) : null;
  bitmap.close();
  const start = performance.now();
  const probabilities = await model.run(samples, height, width);
  return { probabilities, milliseconds: performance.now() - start, width, height, thumbnail };
}
