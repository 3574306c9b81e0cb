import { type RandomResizedCrop, randomResizedBox } from '../image/random-crop.js';
import { zoomInto } from '../operations/zoom.js';
import { imagewise, type Operation } from './images.js';

/** Cuts a random part out of every image and scales it up to the whole. */
export function resizedCrop(ranges: RandomResizedCrop): Operation {
  return imagewise((image, random) => zoomInto(image, randomResizedBox(image, ranges, random)));
}
