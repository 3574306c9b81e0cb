import { AgonError, messageOf } from '../../util/error.js';
import type { CliIo } from '../io/io.js';
import { onInterrupt, type SignalSource, STOPPED, type StopSignal } from './interrupt.js';

/** What a test replaces. */
export interface StoppingHost {
  readonly signals: SignalSource;
  /** Ends the process by a signal, whatever its threads are doing. */
  end(signal: StopSignal): void;
}

/** What stops when it is asked to. */
export interface Stoppable {
  /** Asks for a clean stop, with checkpoints; `atOnce`: without. */
  stop(how?: { readonly atOnce?: boolean }): void;
  /** Gives back what other processes wait for, before the process ends without its threads. */
  unlock(): void;
  /** Says something to the user. */
  note(message: string): void;
}

/** A step that takes longer isn't waited for when all is to end at once. */
const GRACE_MILLISECONDS = 5000;

const AGAIN = '(Ctrl+C again: at once, without)';

/** All that can ask for a stop while something runs, and what it comes to. */
export class Stopping {
  #signal: StopSignal | undefined;
  #lost: AgonError | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #stopListening: () => void;

  /** @param promise - what the first signal is answered with: `stopping after this step, with a checkpoint` */
  constructor(
    private readonly subject: Stoppable,
    promise: string,
    private readonly host: StoppingHost,
    io: CliIo,
  ) {
    this.#stopListening = onInterrupt(host.signals, {
      first: (signal) => {
        this.#signal = signal;
        subject.note(`${promise} ${AGAIN}`);
        subject.stop();
      },
      again: (signal) => this.#endAtOnce(signal),
    });
    for (const [name, stream] of [
      ['standard output', io.stdout],
      ['standard error', io.stderr],
    ] as const) {
      // For good: what is written from now on fails as well, and that has been told.
      stream.on('error', (error: unknown) => this.failAt(name, error));
    }
  }

  /** Stops because something can't be written any more. */
  failAt(name: string, error: unknown): void {
    if (this.#lost) return;
    this.#lost =
      error instanceof AgonError
        ? error
        : new AgonError(name, `can't be written any more: ${messageOf(error)}`, { cause: error });
    this.subject.stop();
  }

  /** Ends listening to signals. */
  settle(): void {
    clearTimeout(this.#timer);
    this.#stopListening();
  }

  /** The exit status of what was stopped by a signal; throws where it was something that can't be written. */
  get status(): number {
    if (this.#signal) return STOPPED[this.#signal];
    if (this.#lost) throw this.#lost;
    return STOPPED.SIGINT;
  }

  /** Whether the stop was one without checkpoints. */
  get atOnce(): boolean {
    return this.#timer !== undefined;
  }

  /** Throws where something couldn't be written, unless a signal came as well. */
  check(): void {
    if (this.#lost && !this.#signal) throw this.#lost;
  }

  /** Lets the running step end, if that takes but a moment: a thread that is cut off in one takes the process down with an abort. */
  #endAtOnce(signal: StopSignal): void {
    const end = () => {
      this.subject.unlock();
      this.host.end(signal);
    };
    if (this.#timer) {
      end();
      return;
    }
    this.#signal = signal;
    this.subject.stop({ atOnce: true });
    this.#timer = setTimeout(end, GRACE_MILLISECONDS);
  }
}

/** This process. */
export const PROCESS: StoppingHost = {
  signals: process,
  end: (signal) => {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  },
};
