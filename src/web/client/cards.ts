import type { PageDescription } from '../content/page-description.js';
import type { Prediction } from '../worker/messages.js';
import { bars, ranked, saidLine, saidOf } from './answer.js';
import { make, nameOf } from './elements.js';

/** What is shown of an image: it, what is said of it, and the most probable classes. */
export function card(name: string, prediction: Prediction, page: PageDescription): HTMLElement {
  const order = ranked(prediction.probabilities, page);
  const said = saidOf(order, page);
  const { width, height, milliseconds } = prediction;
  const facts = `${width} × ${height}, ${milliseconds.toFixed(0)} ms`;
  const text = [make('p', 'file', nameOf(name)), saidLine(said), bars(order, said), make('p', 'dim', facts)];
  return make('li', 'card', thumbnail(prediction.thumbnail), make('div', 'text', ...text));
}

/** Of an image that could not be read. */
export function failedCard(name: string, reason: string): HTMLElement {
  const text = [make('p', 'file', nameOf(name)), make('p', 'said wrong', 'Could not be read as an image')];
  return make('li', 'card failed', make('div', 'text', ...text, make('p', 'dim', reason)));
}

/** It is an ornament beside the file's name. */
function thumbnail(image: ImageBitmap | null): HTMLElement {
  const canvas = document.createElement('canvas');
  canvas.setAttribute('aria-hidden', 'true');
  if (image) {
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.getContext('2d')?.drawImage(image, 0, 0);
    image.close();
  }
  return canvas;
}
