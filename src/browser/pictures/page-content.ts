import { type ContentDigests, contentText, layoutParts } from '../../data/dataset/content.js';
import type { Dataset } from '../../data/dataset/dataset.js';
import { present } from '../../util/error.js';
import { shortDigest } from '../web/web-digest.js';
import { type PagePictures, PICTURES } from './page-pictures.js';
import { encodePng } from './png.js';

/** The files of a page's pictures, each encoded once. */
export class PictureFiles {
  readonly #digests = new Map<string, Promise<string>>();

  constructor(private readonly pictures: PagePictures) {}

  /** A picture as a PNG file. */
  encode(path: string): Uint8Array {
    return encodePng(present(this.pictures.pixels.get(path), path));
  }

  /** A digest of a picture's file. */
  digestOf = (path: string): Promise<string> => {
    const digest = this.#digests.get(path) ?? shortDigest([this.encode(path)]);
    this.#digests.set(path, digest);
    return digest;
  };

  /** The digest of each file by its path in the folder of pictures. */
  async content(): Promise<ContentDigests> {
    const { paths } = this.pictures.split.source;
    const digests: [string, string][] = [];
    for (const path of paths) digests.push([nameOf(path), await this.digestOf(path)]);
    return new Map(digests);
  }
}

/** What Node.js calls data whose files have these digests; `whole` is the data set before a part was held out. */
export async function fingerprintOf(whole: Dataset, content: ContentDigests): Promise<string> {
  const layout = await shortDigest(layoutParts(whole, ({ paths }) => paths.map(nameOf)));
  return layout + (await shortDigest([contentText(content)]));
}

/** Tells whether pictures are the same, without encoding them. */
export async function digestPixels({ classes, split, pixels }: PagePictures): Promise<string> {
  const digests: string[] = [JSON.stringify(classes)];
  for (const path of split.source.paths) {
    const { data, height, width } = present(pixels.get(path), path);
    digests.push(JSON.stringify([path, height, width]), await shortDigest([data]));
  }
  return shortDigest([digests.join('\n')]);
}

const nameOf = (path: string) => path.slice(PICTURES.length + 1);
