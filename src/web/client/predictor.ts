import type { Provider } from '../content/page-description.js';
import type { Opened, Prediction, Reply, Request } from '../worker/messages.js';

/** The model in its worker. */
export interface Predictor extends Opened {
  /** What it says of an image; a bitmap is given away. An image that can't be read is an error. */
  predict(image: Blob | ImageBitmap, options: { readonly thumbnail: boolean }): Promise<Prediction>;
}

interface Waiting {
  resolve(prediction: Prediction): void;
  reject(error: Error): void;
}

/**
 * Starts the worker and opens the model in it.
 *
 * @param only - A way to run it, where no other is wanted.
 * @param tell - Called with what is being loaded.
 */
export function openPredictor(only: Provider | null, tell: (what: string) => void): Promise<Predictor> {
  const worker = new Worker('worker.js', { type: 'module' });
  const waiting = new Map<number, Waiting>();
  const send = (request: Request, transferred: Transferable[] = []) => worker.postMessage(request, transferred);
  let next = 0;
  const predict: Predictor['predict'] = (image, { thumbnail }) => {
    const id = next++;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      send({ kind: 'predict', id, image, thumbnail }, image instanceof ImageBitmap ? [image] : []);
    });
  };
  return new Promise((resolve, reject) => {
    worker.addEventListener('error', ({ message }) => reject(new Error(message || 'worker.js could not be loaded')));
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      if (data.kind === 'loading') tell(data.what);
      else if (data.kind === 'opened') resolve({ ...data, predict });
      else if (data.kind === 'closed') reject(new Error(data.reasons.join('; ')));
      else settle(waiting, data);
    });
    send({ kind: 'open', only });
  });
}

function settle(waiting: Map<number, Waiting>, reply: Extract<Reply, { readonly id: number }>): void {
  const request = waiting.get(reply.id);
  waiting.delete(reply.id);
  if (reply.kind === 'predicted') request?.resolve(reply);
  else request?.reject(new Error(reply.reason));
}
