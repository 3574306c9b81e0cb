import type { CallName, Calls, Opened, OpenRequest, Reply, Request } from '../worker/messages.js';

/** What an engine tells unasked. */
export type Told = Extract<Reply, { readonly kind: 'events' | 'doing' | 'accuracies' | 'fault' }>;

interface Waiting {
  resolve(got: unknown): void;
  reject(error: Error): void;
}

/** A training in its worker: the page stays free for its user. */
export class Engine {
  private readonly worker = new Worker('/worker.js', { type: 'module' });
  private readonly waiting = new Map<number, Waiting>();
  private next = 0;

  constructor(onTold: (told: Told) => void) {
    this.worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      if (data.kind === 'answer' || data.kind === 'failed') this.settle(data);
      else onTold(data);
    });
    this.worker.addEventListener('error', ({ message }) =>
      this.fail(message || 'the training’s program could not be loaded'),
    );
  }

  open(request: OpenRequest): Promise<Opened> {
    return this.call('open', request);
  }

  run(): Promise<'finished' | 'stopped'> {
    return this.call('run', null);
  }

  stop(): Promise<null> {
    return this.call('stop', null);
  }

  /** The probabilities of each network. The bitmap is given away. */
  predict(image: ImageBitmap): Promise<Float32Array[]> {
    return this.call('predict', image, [image]);
  }

  exportModel(): Promise<Uint8Array> {
    return this.call('exportModel', null);
  }

  exportRun(): Promise<Uint8Array> {
    return this.call('exportRun', null);
  }

  /** Ends it where it is. */
  close(): void {
    this.worker.terminate();
    this.fail('the training was ended');
  }

  private call<Name extends CallName>(
    name: Name,
    asked: Calls[Name]['asked'],
    transferred: Transferable[] = [],
  ): Promise<Calls[Name]['got']> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.worker.postMessage({ id, name, asked } as Request, transferred);
    });
  }

  private settle(reply: Extract<Reply, { readonly id: number }>): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if (reply.kind === 'answer') waiting?.resolve(reply.got);
    else waiting?.reject(new Error(reply.reason));
  }

  private fail(reason: string): void {
    for (const { reject } of this.waiting.values()) reject(new Error(reason));
    this.waiting.clear();
  }
}
