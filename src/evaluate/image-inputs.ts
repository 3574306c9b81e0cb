import type { ImageFile } from '../data/dataset/dataset.js';
import { imagesNamed } from '../data/formats/image-arguments.js';

/** Image files, folders or archives of them, or patterns; or the bytes of an image with a name for it. */
export type ImageInput = string | { readonly name: string; readonly bytes: Uint8Array };

/** An image to be read, and what it is called; or a name that stands for none, with the reason. */
export type FoundInput =
  | { readonly file: string; readonly image: ImageFile | Uint8Array }
  | { readonly file: string; readonly error: string };

/** All images that inputs stand for, in their order, each found when it is asked for. */
export async function* findInputs(
  inputs: Iterable<ImageInput> | AsyncIterable<ImageInput>,
  onNote: (note: string) => void,
): AsyncGenerator<FoundInput, void, undefined> {
  for await (const input of inputs) {
    if (typeof input === 'string') yield* findNamed(input, onNote);
    else yield { file: input.name, image: input.bytes };
  }
}

async function* findNamed(name: string, onNote: (note: string) => void): AsyncGenerator<FoundInput, void, undefined> {
  const images = await imagesNamed(name);
  if ('error' in images) {
    yield { file: name, error: images.error };
    return;
  }
  if (images.others > 0) onNote(`${name}: ${images.others} files that are no images are left out`);
  for (const image of images.files) yield { file: typeof image === 'string' ? image : image.name, image };
}
