import { messageOf } from '../../util/error.js';
import { type Claim, renewClaim } from '../server/claim.js';
import type { Connection, OnTrouble } from '../server/connection.js';
import { isFull } from '../server/full.js';

/** A claim is renewed so many times in the time of its lock. */
const RENEWALS = 3;

/** A claim that is renewed from this thread as long as it is needed, or until it is lost. */
export class KeptClaim {
  #isLost = false;
  #isBusy = false;
  #isReleased = false;
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly connection: Connection,
    private readonly claim: Claim,
    private readonly milliseconds: number,
    private readonly listener: { readonly onTrouble: OnTrouble; readonly onLost: () => void },
  ) {
    this.#timer = setInterval(() => void this.#renew(), milliseconds / RENEWALS);
  }

  /** Whether another has the task by now, or may have it. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Ends renewing. */
  release(): void {
    this.#isReleased = true;
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      const renewed = await renewClaim(this.connection, this.claim, this.milliseconds);
      if (renewed || this.#isReleased) return;
      this.#isLost = true;
      this.release();
      this.listener.onLost();
    } catch (error) {
      // A server without memory renews nothing, and gives the task to nobody else
      if (!isFull(error) && !this.#isReleased) this.listener.onTrouble(`${this.claim.task}: ${messageOf(error)}`);
    } finally {
      this.#isBusy = false;
    }
  }
}
