/** Shorter side of pictures that are kept, in pixels: larger ones teach networks of 224 pixels and less no more. */
const SHORTER_SIDE = 256;
/** Longer side at most. */
const LONGER_SIDE = 1024;

/** A picture that is to be kept. */
export interface MadePicture {
  readonly width: number;
  readonly height: number;
  readonly png: ArrayBuffer;
}

/** Something that pictures are made of. */
export type PictureSource = Blob | HTMLVideoElement | HTMLCanvasElement;

/** A picture as it is kept: scaled down to what is needed, over white where it is transparent. */
export async function makePicture(source: PictureSource): Promise<MadePicture> {
  const canvas = await drawnFrom(source);
  const blob = await new Promise<Blob | null>((resolve) => {
    canvas.toBlob(resolve, 'image/png');
  });
  if (!blob) throw new Error('this browser makes no PNG of it');
  return { width: canvas.width, height: canvas.height, png: await blob.arrayBuffer() };
}

/** A picture as networks are asked for it: scaled as those are that they have learned from. */
export async function bitmapOf(source: PictureSource): Promise<ImageBitmap> {
  return createImageBitmap(await drawnFrom(source));
}

async function drawnFrom(source: PictureSource): Promise<HTMLCanvasElement> {
  const image = source instanceof Blob ? await decode(source) : source;
  const [width, height] = sizeOf(image);
  if (width === 0 || height === 0) throw new Error('it has no pixels');
  const scale = Math.min(1, SHORTER_SIDE / Math.min(width, height), LONGER_SIDE / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(scale * width));
  canvas.height = Math.max(1, Math.round(scale * height));
  const context = canvas.getContext('2d', { colorSpace: 'srgb' });
  if (!context) throw new Error('this browser gives no canvas');
  context.imageSmoothingQuality = 'high';
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  if (image instanceof ImageBitmap) image.close();
  return canvas;
}

/** Upright, in sRGB. */
function decode(image: Blob): Promise<ImageBitmap> {
  return createImageBitmap(image, { imageOrientation: 'from-image', colorSpaceConversion: 'default' });
}

function sizeOf(image: ImageBitmap | HTMLVideoElement | HTMLCanvasElement): [width: number, height: number] {
  return image instanceof HTMLVideoElement ? [image.videoWidth, image.videoHeight] : [image.width, image.height];
}
