import { range } from '../../../../src/graph/node/axes.js';
import type { Node } from '../../../../src/graph/node/node.js';
import { type Window, windowOf, windowOutput } from '../../../../src/graph/node/window.js';

/** Where one tap of a kernel meets the image along an axis: output o, from `first` to before `end`, at o * stride + shift. */
export interface Meeting {
  readonly first: number;
  readonly end: number;
  readonly shift: number;
}

/** A window that slides over the two spatial axes of an image [N, C, height, width]. */
export interface SlidingWindow extends Window {
  readonly image: readonly [height: number, width: number];
  readonly output: readonly [height: number, width: number];
  /** For each axis, a meeting for each tap. */
  readonly meetings: readonly [readonly Meeting[], readonly Meeting[]];
}

/** The window of a node over an image of the given size, with as many outputs as fit in. */
export function slidingWindow(node: Node, image: readonly number[], kernel: readonly number[]): SlidingWindow {
  if (kernel.length !== 2 || image.length !== 2) node.fail('spatial axes', '2', `${kernel.length}`);
  const window = windowOf(node, node.input(0), kernel);
  const ceil = node.number('ceil_mode', 0) === 1;
  const along = (axis: 0 | 1) => {
    const size = image[axis] as number;
    const output = Number(windowOutput(node, size, window, axis, ceil));
    return { size, output, meetings: meetingsAlong(window, axis, size, output) };
  };
  const [y, x] = [along(0), along(1)];
  return {
    ...window,
    image: [y.size, x.size],
    output: [y.output, x.output],
    meetings: [y.meetings, x.meetings],
  };
}

/** Calls `visit` for every tap of the kernel, in row-major order, and every output whose window has a pixel there. */
export function eachMeeting(window: SlidingWindow, visit: (output: number, pixel: number, tap: number) => void): void {
  const { image, output, strides, meetings } = window;
  const [strideY, strideX] = strides as [number, number];
  meetings[0].forEach((row, tapY) => {
    meetings[1].forEach((column, tapX) => {
      const tap = tapY * meetings[1].length + tapX;
      for (let y = row.first; y < row.end; y++) {
        const start = (y * strideY + row.shift) * image[1] + column.shift;
        for (let x = column.first; x < column.end; x++) visit(y * output[1] + x, start + x * strideX, tap);
      }
    });
  });
}

function meetingsAlong(window: Window, axis: number, size: number, outputs: number): Meeting[] {
  const [stride, dilation] = [window.strides[axis] as number, window.dilations[axis] as number];
  return range(window.kernel[axis] as number).map((tap) => {
    const shift = tap * dilation - (window.begin[axis] as number);
    const first = Math.max(0, Math.ceil(-shift / stride));
    return { first, end: Math.min(outputs, Math.ceil((size - shift) / stride)), shift };
  });
}
