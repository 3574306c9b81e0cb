import { hostname } from 'node:os';
import { nextName } from '../../distill/step.js';
import { fromPlain } from '../../graph/plain.js';
import type { Tensor } from '../../onnx/tensor.js';
import { type Device, formatDevice } from '../../runtime/device-kind.js';
import { openLocalPlace } from '../../runtime/places/open-place.js';
import type { Place } from '../../runtime/places/place.js';
import { AgonError, messageOf } from '../../util/error.js';
import type { Answer, NumberedAnswer, NumberedRequest, OpenRequest, Request } from '../wire/messages.js';

/** What a peer computes on. */
export interface HostOptions {
  readonly device: Device;
  readonly threads: number | undefined;
}

/** The network of a run that a peer has: answers the run's requests, each once. */
export class Hosted {
  #place: Place | undefined;
  #last: NumberedAnswer | undefined;

  /** When the run was first seen to be out of reach, in milliseconds of this process's clock. */
  #awaySince: number | undefined;

  /** @param connection - what the run's connection is called, again after it was lost */
  constructor(
    readonly connection: string,
    readonly from: Pick<OpenRequest, 'run' | 'process' | 'network' | 'waitSeconds'>,
    private readonly options: HostOptions,
  ) {}

  /** Whether the run has been away for so long that it has given its peer up, as far as looks at it tell. */
  isGivenUp(isThere: boolean): boolean {
    const now = performance.now();
    this.#awaySince = isThere ? undefined : (this.#awaySince ?? now);
    return now - (this.#awaySince ?? now) >= 1000 * this.from.waitSeconds;
  }

  /** Does what a request asks for, and answers. One that was done already, whose answer may have been lost, has the same answer again. */
  async answer({ number, ...request }: NumberedRequest): Promise<NumberedAnswer> {
    const last = this.#last;
    if (last?.number === number) return last;
    // It was answered before the last one: nobody waits for it
    if (last && number < last.number) return { tensors: {}, number };
    const answer = await this.#do(request).catch((error: unknown): Answer => {
      return { failed: { message: messageOf(error), ours: error instanceof AgonError } };
    });
    this.#last = { ...answer, number };
    return this.#last;
  }

  async close(): Promise<void> {
    const place = this.#place;
    this.#place = undefined;
    await place?.close();
  }

  async #do(request: Request): Promise<Answer> {
    if (request.kind === 'open') return { opened: await this.#open(request) };
    if (request.kind === 'close') {
      await this.close();
      return NOTHING;
    }
    const place = this.#place;
    if (!place) return { unknown: true };
    switch (request.kind) {
      case 'forward':
        return tensorsOf(await place.forward(request.tensors));
      case 'step':
        return tensorsOf(await place.step(request.tensors));
      case 'load':
        await place.load(new Map(Object.entries(request.tensors)));
        return NOTHING;
      case 'update':
        await place.update(new Map(Object.entries(request.tensors)));
        return NOTHING;
      case 'state':
        return tensorsOf(await place.state(request.names));
    }
  }

  async #open({ graph, state, shown, options: { precision, tune, keep, forms } }: OpenRequest) {
    const { device, threads } = this.options;
    const source = { graph: fromPlain(graph), state, shown, nextOf: nextName };
    const opened = await openLocalPlace(source, { device, threads, precision, tune, keep, forms });
    this.#place = opened.place;
    return { host: hostname(), device: formatDevice(device), forms: opened.forms, notes: opened.notes };
  }
}

const NOTHING: Answer = { tensors: {} };

function tensorsOf(tensors: ReadonlyMap<string, Tensor>): Answer {
  return { tensors: Object.fromEntries(tensors) };
}
