import { randomUUID } from 'node:crypto';
import type * as Zeromq from 'zeromq';
import { AgonError, fail, messageOf } from '../util/error.js';
import { fromFrames, toFrames } from './wire/frames.js';
import { type KeyPair, type PeerKeys, TOKEN_VARIABLE } from './wire/keys.js';
import { type NumberedAnswer, type Request, readAnswer } from './wire/messages.js';
import { socketOptions } from './wire/socket.js';

/** How a run is connected to a peer. */
export interface LinkOptions {
  readonly zeromq: typeof Zeromq;
  readonly keys: PeerKeys;
  /** So long a peer that can't be reached is waited for, in seconds. */
  readonly waitSeconds: number;
  /** Told when a connection is lost, and when it is back. */
  readonly onNote: (message: string) => void;
  /** Told once when the peer asks the run to end. */
  readonly onLeaving: () => void;
  /** Throws once nothing is to be waited for any longer. */
  readonly checkStop: () => void;
}

/** Between looks at whether a peer that is waited for is back, in milliseconds. */
const TICK = 250;
/** Waits between attempts to connect, in milliseconds: from the first to the longest. */
const RECONNECT = { first: 100, longest: 2000 };
/** Connections that break in the handshake may be chance; so many in a row in so long (milliseconds) are not. */
const REFUSAL = { times: 3, milliseconds: 2000 };

/** What to do where no peer is to be had. */
export const START = 'Start one there: agon peer, with --host where that is another machine';

/** A request that breaks the connection so many times is not sent again. */
const MOST_TRIES = 10;

interface Pending {
  readonly number: number;
  tries: number;
  readonly frames: readonly Buffer[];
  readonly resolve: (answer: NumberedAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A run's connection to a peer. A request is sent again when a lost connection is back; its number tells the peer whether it has done it
 * already. As long as the connection is up an answer is waited for without limit: the library's own thread keeps it alive, also while an end computes.
 */
export class Link {
  readonly #socket: Zeromq.Dealer;
  readonly #timer: NodeJS.Timeout;
  #number = 0;
  /** Requests without an answer: the first one has been sent. */
  readonly #requests: Pending[] = [];
  #isConnected = false;
  #wasConnected = false;
  #isLeaving = false;
  #lostMilliseconds = 0;
  /** Those since the first one, as long as there was no connection at all. */
  readonly #refusals: number[] = [];
  #failure: unknown;

  /** Connects, or goes on trying to. */
  constructor(
    readonly address: string,
    private readonly options: LinkOptions,
  ) {
    const { zeromq, keys } = options;
    // In the library's own context: one of its own, collected after the socket was closed, keeps the process from ending
    this.#socket = new zeromq.Dealer({
      routingId: randomUUID(),
      ...curve(keys.run, keys.peer),
      ...socketOptions(address),
      linger: 0,
      reconnectInterval: RECONNECT.first,
      reconnectMaxInterval: RECONNECT.longest,
    });
    try {
      this.#socket.connect(address);
    } catch (error) {
      this.#socket.close();
      fail(address, 'that is no address that can be connected to', { hint: messageOf(error), cause: error });
    }
    void this.#watch();
    void this.#receive();
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  /**
   * Asks the peer for something, and returns its answer. A peer that stays away for too long is an error of code `peer-lost`. What is sent is
   * a copy, taken before this returns its promise; where no other request is without an answer it is on its way by then.
   */
  async request(request: Request): Promise<NumberedAnswer> {
    if (this.#failure !== undefined) throw this.#failure;
    const number = ++this.#number;
    const frames = toFrames({ ...request, number });
    const answered = new Promise<NumberedAnswer>((resolve, reject) => {
      this.#requests.push({ number, tries: 0, frames, resolve, reject });
    });
    if (this.#requests.length === 1) this.#sendFirst();
    return answered;
  }

  /** Whether the peer has asked the run to end. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Ends the connection at once. */
  close(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #sendFirst(): void {
    const [first] = this.#requests;
    if (!first) return;
    first.tries++;
    if (first.tries > MOST_TRIES) this.#failBy(() => this.#failAgainAndAgain());
    else this.#socket.send([...first.frames]).catch((error: unknown) => this.#failBroken(error));
  }

  async #receive(): Promise<void> {
    try {
      for await (const frames of this.#socket) this.#answer(frames);
    } catch (error) {
      this.#failBroken(error);
    }
  }

  #answer(frames: readonly Uint8Array[]): void {
    const { number, leaving, ...answer } = readAnswer(fromFrames(frames, this.address), this.address);
    if (leaving && !this.#isLeaving) {
      this.#isLeaving = true;
      this.options.onLeaving();
    }
    // A request that was sent twice is answered twice
    if (number !== this.#requests[0]?.number) return;
    this.#requests.shift()?.resolve({ number, ...answer });
    this.#sendFirst();
  }

  async #watch(): Promise<void> {
    try {
      for await (const { type } of this.#socket.events) {
        if (type === 'handshake') this.#connected();
        else if (type === 'disconnect') this.#disconnected();
        else if (type.startsWith('handshake:error')) this.#refused();
      }
    } catch (error) {
      // Closing is an error for who waits for the next event
      this.#failBroken(error);
    }
  }

  #connected(): void {
    const { address, options } = this;
    if (this.#wasConnected) options.onNote(`${address}: the connection is back`);
    const isAgain = this.#wasConnected || this.#lostMilliseconds > 0;
    this.#isConnected = true;
    this.#wasConnected = true;
    this.#lostMilliseconds = 0;
    if (isAgain) this.#sendFirst();
  }

  #disconnected(): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    const { address, options } = this;
    options.onNote(`${address}: the connection is lost; waiting up to ${options.waitSeconds} seconds for it`);
  }

  /** Time in which this thread is blocked is not counted: the connection may be back by then. */
  #tick(): void {
    if (this.#isConnected || this.#requests.length === 0) return;
    const before = this.#lostMilliseconds;
    this.#lostMilliseconds += TICK;
    const { waitSeconds, onNote, checkStop } = this.options;
    if (!this.#wasConnected && before < 1000 && this.#lostMilliseconds >= 1000) {
      onNote(`${this.address}: nobody answers yet; waiting up to ${waitSeconds} seconds`);
    }
    this.#failBy(() => {
      checkStop();
      if (this.#lostMilliseconds >= 1000 * waitSeconds) this.#failLost();
    });
  }

  #failAgainAndAgain(): never {
    return failLost(this.address, `the connection was lost ${MOST_TRIES} times before an answer came`);
  }

  #failLost(): never {
    const { waitSeconds } = this.options;
    if (this.#wasConnected)
      failLost(this.address, `the peer was lost, and didn't come back within ${waitSeconds} seconds`);
    return fail(this.address, `no peer answers within ${waitSeconds} seconds`, { hint: START });
  }

  #refused(): void {
    const now = performance.now();
    this.#refusals.push(now);
    const [first = now] = this.#refusals;
    const { times, milliseconds } = REFUSAL;
    // Who was let in once has the right token
    if (this.#wasConnected || this.#refusals.length < times || now - first < milliseconds) return;
    this.#failBy(() => this.#failRefused());
  }

  #failRefused(): never {
    return fail(this.address, 'what listens there refuses the token', {
      expected: `the same ${TOKEN_VARIABLE} here as the peer has`,
      hint: 'If the tokens are the same, it is no Agon peer that listens there, or a tunnel with nothing behind it',
    });
  }

  /** Fails with what is thrown, if anything is. */
  #failBy(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Fails for what the library or a message is wrong with. */
  #failBroken(error: unknown): void {
    this.#fail(
      error instanceof AgonError ? error : new Error(`${this.address}: ${messageOf(error)}`, { cause: error }),
    );
  }

  /** Ends the requests without an answer, and all later ones. A connection that was closed has nobody to tell. */
  #fail(error: unknown): void {
    if (this.#socket.closed) return;
    this.#failure ??= error;
    for (const { reject } of this.#requests.splice(0)) reject(this.#failure);
  }
}

/** Fails where a network's place is gone. */
export function failLost(address: string, what: string): never {
  return fail(address, what, {
    code: 'peer-lost',
    hint:
      "A run that has begun goes on from its last checkpoint, which has all networks: agon train --resume RUN, with the run's folder, " +
      'when the peer is there again (or with --place elsewhere)',
  });
}

function curve(own: KeyPair, peer: KeyPair) {
  return { curvePublicKey: own.publicKey, curveSecretKey: own.secretKey, curveServerKey: peer.publicKey };
}
