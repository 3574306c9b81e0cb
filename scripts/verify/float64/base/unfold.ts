import { elementCount } from '../../../../src/onnx/tensor.js';
import { eachMeeting, type SlidingWindow } from './window.js';

/** Which pixel of [C, H, W] each tap of each channel sees at each position of a window, [taps, positions]; -1 in the padding. */
export function pixelsOf(window: SlidingWindow, channels: number): Int32Array {
  const [plane, positions] = [elementCount(window.image), elementCount(window.output)];
  const taps = elementCount(window.kernel);
  const pixels = new Int32Array(channels * taps * positions).fill(-1);
  for (let c = 0; c < channels; c++) {
    eachMeeting(window, (output, pixel, tap) => {
      pixels[(c * taps + tap) * positions + output] = c * plane + pixel;
    });
  }
  return pixels;
}

/** What each tap sees at each position; 0 in the padding. */
export function unfolded(image: Float64Array, pixels: Int32Array): Float64Array {
  const columns = new Float64Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) {
    const pixel = pixels[i] as number;
    if (pixel >= 0) columns[i] = image[pixel] as number;
  }
  return columns;
}

/** Adds a number for each tap at each position to the pixel that it sees. */
export function addFolded(image: Float64Array, columns: Float64Array, pixels: Int32Array): void {
  for (let i = 0; i < pixels.length; i++) {
    const pixel = pixels[i] as number;
    if (pixel >= 0) image[pixel] = (image[pixel] as number) + (columns[i] as number);
  }
}
