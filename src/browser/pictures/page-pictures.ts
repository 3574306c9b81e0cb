import type { ImageFiles, Pixels, Split } from '../../data/dataset/dataset.js';
import { at } from '../../util/checked.js';
import { fail, present } from '../../util/error.js';
import { toFileName } from '../../util/files/file-name.js';
import type { ClassOrder } from './class-order.js';
import type { LabelledPicture } from './labelled-picture.js';

/** The folder of a run's pictures, beside its files. */
export const PICTURES = 'pictures';

/** The pictures of a training, in the order in which Node.js finds their files. */
export interface PagePictures {
  readonly classes: readonly string[];
  readonly split: Split & { readonly source: ImageFiles };
  /** By path. */
  readonly pixels: ReadonlyMap<string, Pixels>;
}

/** Pictures as image files beneath {@link PICTURES}, in folders by class. What isn't as it should be is an error that names the picture. */
export function arrangePictures(pictures: readonly LabelledPicture[], { classes, runIndex }: ClassOrder): PagePictures {
  const placed = pictures.map((picture) => {
    checkPixels(picture);
    const label = runIndex[picture.label];
    if (label === undefined) {
      fail(`picture "${picture.name}"`, 'its label', {
        expected: `a whole number from 0 to ${classes.length - 1}`,
        got: String(picture.label),
      });
    }
    const path = `${PICTURES}/${at(classes, label)}/${toFileName(picture.name)}.png`;
    const { pixels: data, height, width } = picture;
    return { label, path, name: picture.name, pixels: { data, height, width, channels: 3 } satisfies Pixels };
  });
  placed.sort((a, b) => a.label - b.label || (a.path < b.path ? -1 : 1));
  checkPaths(placed);
  checkClasses(classes, placed);
  const paths = placed.map(({ path }) => path);
  const sizes = placed.map(({ pixels: { height, width } }) => ({ height, width }));
  const labels = Int32Array.from(placed, ({ label }) => label);
  return {
    classes,
    split: { length: placed.length, labels, source: { kind: 'files', paths, sizes } },
    pixels: new Map(placed.map(({ path, pixels }) => [path, pixels])),
  };
}

/** An image of a source that is in memory. */
export function pictureAt({ pixels }: Pick<PagePictures, 'pixels'>, { paths }: ImageFiles, i: number): Pixels {
  const path = at(paths, i);
  return present(pixels.get(path), path);
}

function checkPixels({ name, width, height, pixels }: LabelledPicture): void {
  const isSize = (side: number) => Number.isInteger(side) && side > 0;
  if (isSize(width) && isSize(height) && pixels.length === 3 * width * height) return;
  fail(`picture "${name}"`, 'its pixels', {
    expected: `${height} x ${width} x 3 samples: red, green and blue, without how transparent they are`,
    got: String(pixels.length),
  });
}

/** Two pictures that would be one file, here or where upper and lower case are the same, are an error. */
function checkPaths(placed: readonly { readonly path: string; readonly name: string }[]): void {
  const seen = new Map<string, string>();
  for (const { path, name } of placed) {
    const other = seen.get(path.toLowerCase());
    if (other !== undefined) fail('pictures', `"${other}" and "${name}" would be one file`, { got: path });
    seen.set(path.toLowerCase(), name);
  }
}

function checkClasses(classes: readonly string[], placed: readonly { readonly label: number }[]): void {
  const empty = classes.find((_, label) => !placed.some((each) => each.label === label));
  if (empty !== undefined)
    fail('pictures', `there is none of the class "${empty}"`, { hint: 'Add some, or remove it' });
}
