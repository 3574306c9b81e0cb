import { at } from '../../util/checked.js';
import type { Size } from '../dataset/dataset.js';
import type { Box } from '../image/crop.js';

type Numbers = Float32Array<ArrayBuffer>;

/** lambda x + (1 - lambda) x' of a batch, x' the image of the batch that `partners` names for each. Any layout, image after image. */
export function blendImages(batch: Numbers, partners: Uint32Array, lambda: number): Numbers {
  const out = new Float32Array(batch.length);
  const length = batch.length / partners.length;
  for (let image = 0, to = 0; image < partners.length; image++) {
    const from = (partners[image] as number) * length;
    for (let i = 0; i < length; i++, to++) {
      out[to] = lambda * (batch[to] as number) + (1 - lambda) * (batch[from + i] as number);
    }
  }
  return out;
}

/** How a batch's numbers lie: each image has some planes of rows, in which each pixel has some numbers side by side. */
export interface BatchLayout extends Size {
  readonly planes: number;
  readonly samples: number;
}

/** A batch with a box of the image that `partners` names for each pasted into it. */
export function pasteBoxes(batch: Numbers, partners: Uint32Array, box: Box, layout: BatchLayout): Numbers {
  const { height, width, planes, samples } = layout;
  const out = batch.slice();
  const start = (image: number, plane: number, y: number) => {
    return (((image * planes + plane) * height + y) * width + box.left) * samples;
  };
  for (const image of partners.keys()) {
    for (let plane = 0; plane < planes; plane++) {
      for (let y = box.top; y < box.top + box.height; y++) {
        const from = start(at(partners, image), plane, y);
        out.set(batch.subarray(from, from + box.width * samples), start(image, plane, y));
      }
    }
  }
  return out;
}

/** The box of a share of height and width around a centre, cut off at the image's edges. */
export function boxAround({ height, width }: Size, share: number, centre: readonly [y: number, x: number]): Box {
  const [top, bottom] = span(height, share, centre[0]);
  const [left, right] = span(width, share, centre[1]);
  return { top, left, height: bottom - top, width: right - left };
}

function span(size: number, share: number, centre: number): readonly [number, number] {
  const half = Math.floor((size * share) / 2);
  return [Math.max(0, centre - half), Math.min(size, centre + half)];
}

/** The share of an image that lies around a box. */
export const shareAround = (box: Size, image: Size): number =>
  1 - (box.height * box.width) / (image.height * image.width);
