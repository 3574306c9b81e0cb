import type * as Zeromq from 'zeromq';
import { ANOTHER_PEER } from '../../runtime/places/peer-address.js';
import { AgonError, fail, messageOf } from '../../util/error.js';
import { fromFrames, toFrames } from '../wire/frames.js';
import { keysOf } from '../wire/keys.js';
import { loadZeromq } from '../wire/library.js';
import {
  type NumberedAnswer,
  type NumberedRequest,
  numberOf,
  type OpenRequest,
  readRequest,
  VERSIONS,
  type Versions,
} from '../wire/messages.js';
import { socketOptions } from '../wire/socket.js';
import { admit, DOMAIN } from './admission.js';
import { Hosted, type HostOptions } from './hosted.js';

export interface PeerOptions extends HostOptions {
  /** Where it listens: `tcp://address:port`; the port `*` is a free one. */
  readonly listen: string;
  /** What a run must have too. */
  readonly token: string;
  readonly listener: PeerListener;
  /** Those of this process. */
  readonly versions?: Versions;
}

/** Who is told what a peer does. */
export interface PeerListener {
  /** A network's place is open. */
  onOpen(network: string): void;
  /** It is closed: the run has ended it, or another run has taken its place. */
  onClose(network: string, why: 'ended' | 'replaced'): void;
  onTrouble(message: string): void;
}

/** A peer that lends its device to one network of a run at a time. */
export interface Peer {
  /** Where it listens. */
  readonly address: string;
  /** Settles when it has left. */
  readonly done: Promise<void>;
  /** Asks the run whose network it has to end, and leaves then; without one, or `atOnce`, it leaves now. */
  leave(how?: { readonly atOnce?: boolean }): void;
}

/** Starts to listen. */
export async function startPeer(options: PeerOptions): Promise<Peer> {
  const zeromq = await loadZeromq('peer');
  // Who may connect is asked once in a context
  const context = new zeromq.Context();
  const keys = keysOf(options.token);
  const admission = await admit(zeromq, context, keys.run.publicKey);
  const socket = new zeromq.Router({
    context,
    curveServer: true,
    curvePublicKey: keys.peer.publicKey,
    curveSecretKey: keys.peer.secretKey,
    zapDomain: DOMAIN,
    ...socketOptions(options.listen),
    mandatory: true,
    handover: true,
    // An answer is sent at once, or its run is gone
    sendTimeout: 0,
    sendHighWaterMark: 0,
    linger: 1000,
  });
  try {
    await socket.bind(options.listen);
  } catch (error) {
    admission.close();
    socket.close();
    return fail(options.listen, "can't listen there", {
      hint: `${messageOf(error)}: choose another port (--port)`,
      cause: error,
    });
  }
  const listening = new Listening(socket, options);
  const done = listening.run().finally(() => admission.close());
  return { address: socket.lastEndpoint ?? options.listen, done, leave: (how) => listening.leave(how) };
}

class Listening {
  #hosted: Hosted | undefined;
  #isLeaving = false;

  constructor(
    private readonly socket: Zeromq.Router,
    private readonly options: PeerOptions,
  ) {}

  async run(): Promise<void> {
    try {
      for await (const [run, ...frames] of this.socket) {
        if (run) await this.#take(run, frames);
        if (this.#isLeaving && !this.#hosted) break;
      }
    } finally {
      await this.#hosted?.close();
      this.socket.close();
    }
  }

  leave({ atOnce = false }: { readonly atOnce?: boolean } = {}): void {
    this.#isLeaving = true;
    if (atOnce || !this.#hosted) this.socket.close();
    else void this.#closeUnlessThere(this.#hosted);
  }

  /** A run that is gone can't be asked. */
  async #closeUnlessThere(hosted: Hosted): Promise<void> {
    const isThere = await this.#isThere(hosted).catch(() => false);
    if (!isThere) this.socket.close();
  }

  async #take(run: Buffer, frames: readonly Uint8Array[]): Promise<void> {
    let message: unknown;
    try {
      message = fromFrames(frames, 'a message of a run');
      const request = readRequest(message, this.options.versions ?? VERSIONS, 'peer');
      const answer = await this.#answer(run, request);
      await this.#send(run, { ...answer, ...(this.#isLeaving && { leaving: true }) });
    } catch (error) {
      this.options.listener.onTrouble(messageOf(error));
      const ours = error instanceof AgonError;
      await this.#send(run, { failed: { message: messageOf(error), ours }, number: numberOf(message) ?? 0 });
    }
  }

  async #answer(run: Buffer, request: NumberedRequest): Promise<NumberedAnswer> {
    const { number, kind } = request;
    const name = run.toString();
    if (request.kind === 'open' && this.#hosted?.connection !== name) {
      if (!(await this.#isFreeFor(request))) return { busy: this.#hosted?.from.network ?? '', number };
      await this.#end('replaced');
      this.#hosted = new Hosted(name, request, this.options);
    }
    if (this.#hosted?.connection !== name)
      return kind === 'close' ? { tensors: {}, number } : { unknown: true, number };
    const answer = await this.#hosted.answer(request);
    if (kind === 'open' && 'opened' in answer) this.options.listener.onOpen(this.#hosted.from.network);
    if (kind === 'close' || (kind === 'open' && 'failed' in answer)) await this.#end('ended');
    return answer;
  }

  async #end(why: 'ended' | 'replaced'): Promise<void> {
    const hosted = this.#hosted;
    if (!hosted) return;
    this.#hosted = undefined;
    await hosted.close();
    this.options.listener.onClose(hosted.from.network, why);
  }

  /** Whether nobody has the peer who is to keep it: a later process of the same run takes it over at once. */
  async #isFreeFor({ run, process, network }: OpenRequest): Promise<boolean> {
    const hosted = this.#hosted;
    if (!hosted) return true;
    const { from } = hosted;
    const isThere = await this.#isThere(hosted);
    if (isThere && from.process === process && from.run === run) {
      fail('place', `${network} and ${from.network} of one run name this peer`, { hint: ANOTHER_PEER });
    }
    return from.run === run || hosted.isGivenUp(isThere);
  }

  /** Whether a run is connected: what is sent to one that isn't fails at once. A run takes no notice of an answer without its number. */
  #isThere({ connection }: Hosted): Promise<boolean> {
    return this.#send(Buffer.from(connection), { tensors: {}, number: 0 });
  }

  /** Whether it could be sent. A run that is gone asks again when it is back. */
  async #send(run: Buffer, answer: NumberedAnswer): Promise<boolean> {
    try {
      await this.socket.send([run, ...toFrames(answer)]);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EHOSTUNREACH') throw error;
      return false;
    }
  }
}
