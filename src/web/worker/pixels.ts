/** How many pixels are on the canvas at a time: some browsers refuse larger ones than 16 million. */
const BAND = 1 << 22;
/** Longest side of a thumbnail, in pixels. */
const THUMBNAIL = 192;

/** An image as it is stored, upright, in sRGB. */
export function decode(image: Blob): Promise<ImageBitmap> {
  return createImageBitmap(image, { imageOrientation: 'from-image', colorSpaceConversion: 'default' });
}

/** Its samples, uint8 [height, width, 3]: red, green and blue, over white where it is transparent. */
export function samplesOf(image: ImageBitmap): Uint8Array<ArrayBuffer> {
  const { height, width } = image;
  const samples = new Uint8Array(height * width * 3);
  const rows = Math.max(1, Math.min(height, Math.floor(BAND / width)));
  const canvas = new OffscreenCanvas(width, rows);
  const context = canvas.getContext('2d', { willReadFrequently: true, colorSpace: 'srgb' });
  if (!context) throw new Error('this browser gives no canvas');
  for (let top = 0; top < height; top += rows) {
    context.fillStyle = '#fff';
    context.fillRect(0, 0, width, rows);
    context.drawImage(image, 0, -top);
    const { data } = context.getImageData(0, 0, width, Math.min(rows, height - top));
    copySamples(data, samples.subarray(3 * top * width));
  }
  return samples;
}

function copySamples(from: Uint8ClampedArray, to: Uint8Array): void {
  for (let i = 0, at = 0; i < from.length; i += 4, at += 3) {
    to[at] = from[i] as number;
    to[at + 1] = from[i + 1] as number;
    to[at + 2] = from[i + 2] as number;
  }
}

export function thumbnailOf(image: ImageBitmap): Promise<ImageBitmap> {
  const scale = Math.min(1, THUMBNAIL / Math.max(image.width, image.height));
  const side = (length: number) => Math.max(1, Math.round(scale * length));
  return createImageBitmap(image, {
    resizeWidth: side(image.width),
    resizeHeight: side(image.height),
    resizeQuality: 'medium',
  });
}
