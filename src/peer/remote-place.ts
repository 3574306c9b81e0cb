import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { PlaceStep } from '../distill/places/place-steps.js';
import { toPlain } from '../graph/plain.js';
import type { Tensor } from '../onnx/tensor.js';
import type { OpenedPlace, OpenPlaceOptions } from '../runtime/places/open-place.js';
import type { Place, Tensors } from '../runtime/places/place.js';
import { fail } from '../util/error.js';
import { failLost, Link, type LinkOptions, START } from './link.js';
import { keysOf, requireToken } from './wire/keys.js';
import { loadZeromq } from './wire/library.js';
import { type Answer, type Opened, type OpenRequest, type Request, VERSIONS, type Versions } from './wire/messages.js';

/** How a run reaches its peers. */
export interface PeerOptions extends Omit<LinkOptions, 'zeromq' | 'keys'> {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Names the run: what is open under this name of an earlier process of it is replaced. */
  readonly run: string;
  /** Those of this process. */
  readonly versions?: Versions;
  /** Names this process. */
  readonly process?: string;
}

/** This process. */
const PROCESS = randomUUID();

/** What a network's place is opened with at a peer. */
export type RemotePlaceOptions = Omit<OpenPlaceOptions, 'device' | 'threads' | 'onTune'>;

/** Between questions to a peer that has a network of another run, in milliseconds. */
const ASK_AGAIN = 1000;
/** What is waited for the peer to hear that the run has ended. */
const CLOSE_MILLISECONDS = 2000;

/**
 * Opens a network's place at a peer: it is sent the network's part of a step, and lowers it for its own device.
 *
 * @param network - what the peer's user is told of it
 */
export async function openRemotePlace(
  address: string,
  network: string,
  { graph, state, shown }: PlaceStep,
  { precision, tune, keep, forms }: RemotePlaceOptions,
  { env, run, versions = VERSIONS, process = PROCESS, ...options }: PeerOptions,
): Promise<OpenedPlace> {
  const zeromq = await loadZeromq(address);
  const link = new Link(address, { ...options, zeromq, keys: keysOf(requireToken(env, address)) });
  try {
    const { waitSeconds } = options;
    const opened = await open(
      link,
      {
        ...{ kind: 'open', versions, run, process, waitSeconds, network },
        ...{ graph: toPlain(graph), state, shown, options: { precision, tune, keep, forms } },
      },
      options,
    );
    options.onNote(`${address}: ${network} is on ${opened.host}, ${opened.device}`);
    return {
      place: new RemotePlace(link),
      forms: opened.forms,
      notes: opened.notes.map((note) => `${address}: ${note}`),
    };
  } catch (error) {
    link.close();
    throw error;
  }
}

/** A peer that has a network of another run is waited for, as one that is away. */
async function open(
  link: Link,
  request: OpenRequest,
  { waitSeconds, onNote, checkStop }: LinkWaiting,
): Promise<Opened> {
  for (let waited = 0; ; waited += ASK_AGAIN) {
    const answer = await ask(link, request);
    if ('opened' in answer) return answer.opened;
    const network = 'busy' in answer ? answer.busy : 'another';
    if (link.isLeaving) fail(link.address, 'the peer is about to leave', { hint: START });
    if (waited === 0) {
      onNote(`${link.address}: the peer has ${network} of another run; waiting up to ${waitSeconds} seconds`);
    }
    checkStop();
    if (waited >= 1000 * waitSeconds) {
      fail(link.address, `the peer has a network of another run (${network})`, {
        hint: 'Wait for its end, or start another peer on another port (agon peer --port)',
      });
    }
    await wait(ASK_AGAIN);
  }
}

type LinkWaiting = Pick<PeerOptions, 'waitSeconds' | 'onNote' | 'checkStop'>;

async function ask(link: Link, request: Request): Promise<Answer> {
  const answer = await link.request(request);
  if ('unknown' in answer) failLost(link.address, 'the peer was started anew, or has a network of another run by now');
  if (!('failed' in answer)) return answer;
  const { message, ours } = answer.failed;
  if (ours) fail(link.address, message);
  throw new Error(`${link.address}: ${message}`);
}

/** A place at a peer: its calls are messages. */
class RemotePlace implements Place {
  readonly isElsewhere = true;
  constructor(private readonly link: Link) {}

  get name(): string {
    return this.link.address;
  }

  forward(feeds: Tensors): Promise<Map<string, Tensor>> {
    return this.#tensors({ kind: 'forward', tensors: feeds });
  }

  step(shown: Tensors): Promise<Map<string, Tensor>> {
    return this.#tensors({ kind: 'step', tensors: shown });
  }

  async load(state: ReadonlyMap<string, Tensor>): Promise<void> {
    await this.#tensors({ kind: 'load', tensors: Object.fromEntries(state) });
  }

  async update(tensors: ReadonlyMap<string, Tensor>): Promise<void> {
    await this.#tensors({ kind: 'update', tensors: Object.fromEntries(tensors) });
  }

  state(names: readonly string[]): Promise<Map<string, Tensor>> {
    return this.#tensors({ kind: 'state', names });
  }

  /** The peer is told, if it is there. */
  async close(): Promise<void> {
    const told = this.#tensors({ kind: 'close' }).catch(() => undefined);
    await Promise.race([told, wait(CLOSE_MILLISECONDS, undefined, { ref: false })]);
    this.link.close();
  }

  async #tensors(request: Request): Promise<Map<string, Tensor>> {
    const answer = await ask(this.link, request);
    return new Map('tensors' in answer ? Object.entries(answer.tensors) : []);
  }
}
