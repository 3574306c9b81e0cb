import type { Provider } from '../content/page-description.js';

/** What the page asks its worker for. An image that is given as a bitmap is the worker's then. */
export type Request =
  | { readonly kind: 'open'; readonly only: Provider | null }
  | { readonly kind: 'predict'; readonly id: number; readonly image: Blob | ImageBitmap; readonly thumbnail: boolean };

/** What the worker answers. */
export type Reply =
  | { readonly kind: 'loading'; readonly what: string }
  | ({ readonly kind: 'opened' } & Opened)
  | { readonly kind: 'closed'; readonly reasons: readonly string[] }
  | ({ readonly kind: 'predicted'; readonly id: number } & Prediction)
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string };

/** A model that is ready. */
export interface Opened {
  readonly provider: Provider;
  readonly threads: number;
  /** The largest difference of its probabilities from those of Node.js, for the image of the check. */
  readonly difference: number;
  /** Why the ways before this one were not taken. */
  readonly reasons: readonly string[];
}

/** What the model says of an image. */
export interface Prediction {
  /** Per class. */
  readonly probabilities: Float32Array;
  /** What running the model took, without decoding. */
  readonly milliseconds: number;
  readonly width: number;
  readonly height: number;
  readonly thumbnail: ImageBitmap | null;
}
