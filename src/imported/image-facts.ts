import type { Preprocessing } from '../data/image/preprocess.js';

/** How images are prepared for a model. */
export interface ImageFacts extends Pick<Preprocessing, 'mean' | 'std'> {
  /** What says so, for messages. */
  readonly where: string;
  /** Height and width of the images. */
  readonly size?: number;
  /** What the shorter side is scaled to before the middle is cut out. */
  readonly resize?: number;
}
