/** So many pixels are decoded at a time in one process: at three bytes each about 400 MB. */
export const DECODED_PIXELS = 2 ** 27;

/** Bounds what is decoded at a time by pixels, first come, first served. An image with more than all of them waits until it is alone. */
export class DecodeGate {
  #free: number;
  readonly #waiting: { readonly weight: number; readonly start: () => void }[] = [];

  constructor(readonly capacity: number = DECODED_PIXELS) {
    this.#free = capacity;
  }

  /** Does work that holds an image of so many pixels, once there is room for it. */
  async run<T>(pixels: number, work: () => Promise<T>): Promise<T> {
    const weight = Math.min(Math.max(1, pixels), this.capacity);
    await this.#enter(weight);
    try {
      return await work();
    } finally {
      this.#free += weight;
      this.#admit();
    }
  }

  /** Does work while nothing else is decoded. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.run(this.capacity, work);
  }

  #enter(weight: number): Promise<void> {
    return new Promise((start) => {
      this.#waiting.push({ weight, start });
      this.#admit();
    });
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next && next.weight <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= next.weight;
      next.start();
    }
  }
}
