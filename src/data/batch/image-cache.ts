import type { Pixels } from '../dataset/dataset.js';

/**
 * Decoded images, kept until a bound of bytes is reached; after that new ones are not kept. Each epoch visits every
 * image once, so keeping the first ones gives as many hits as anything can, where dropping the oldest gives few.
 */
export class ImageCache {
  readonly #images = new Map<number, Pixels>();
  #free: number;

  constructor(bytes: number) {
    this.#free = bytes;
  }

  /** The image at a position, made and kept (if there is room) when it is not there yet. */
  async get(position: number, make: () => Promise<Pixels>): Promise<Pixels> {
    const known = this.#images.get(position);
    if (known) return known;
    const image = await make();
    if (image.data.byteLength <= this.#free && !this.#images.has(position)) {
      this.#images.set(position, image);
      this.#free -= image.data.byteLength;
    }
    return image;
  }
}
