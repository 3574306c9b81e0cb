/** After something was made, it isn't made again for this time, and for so many times what it took. */
const LEAST_MILLISECONDS = 1000;
const TIMES = 10;

/** Something that takes a while to make, made one at a time, and seldom: however often it is asked for, it takes a tenth of a core. */
export class Paced<T> {
  #made: { readonly value: T; readonly until: number } | undefined;
  #making: Promise<T> | undefined;

  /** @param now - milliseconds, from any origin. */
  constructor(
    private readonly make: () => Promise<T>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** What was made last. */
  get last(): T | undefined {
    return this.#made?.value;
  }

  /** Whether it may be made anew. */
  get isDue(): boolean {
    return this.#making === undefined && (this.#made === undefined || this.now() >= this.#made.until);
  }

  /** What was made last, or is being made; made now where nothing was. */
  async get(): Promise<T> {
    return this.#making ?? this.#made?.value ?? this.renew();
  }

  /** Makes it, whether it is due or not. What it fails with leaves what was made before. */
  renew(): Promise<T> {
    this.#making ??= this.#renew().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  /** Keeps nothing. */
  forget(): void {
    this.#made = undefined;
  }

  async #renew(): Promise<T> {
    const begin = this.now();
    const value = await this.make();
    const end = this.now();
    this.#made = { value, until: end + Math.max(LEAST_MILLISECONDS, TIMES * (end - begin)) };
    return value;
  }
}
