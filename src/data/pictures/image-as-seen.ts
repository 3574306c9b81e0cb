import { type ImageSource, imageFileAt, type Pixels } from '../dataset/dataset.js';
import { pixelsAt } from '../dataset/packed-images.js';
import { withChannels } from '../image/channels.js';
import { withImage } from '../image/decode.js';
import { decodingFor, fitImage, type Preprocessing } from '../image/preprocess.js';

/** Image i of a source as a network sees it at evaluation, but for the normalisation: [height, width, channels]. */
export async function imageAsSeen(source: ImageSource, i: number, preprocessing: Preprocessing): Promise<Pixels> {
  const { channels } = preprocessing;
  const suit = (image: Pixels) => fitImage(withChannels(image, channels), preprocessing);
  if (source.kind === 'packed') return suit(pixelsAt(source, i));
  return withImage(imageFileAt(source, i), channels, decodingFor(preprocessing), suit);
}
