import type { Random } from '../../util/random.js';
import { norm, type Shape } from './builtin-shapes.js';

/** Red, green, blue in [0, 1]. */
type Colour = readonly [number, number, number];

/** A colour for each place, in pixels. */
type Paint = (x: number, y: number) => Colour;

/** Something to paint: its signed distance in pixels, and a disc that it lies in. */
interface Figure {
  readonly distance: Shape;
  readonly x: number;
  readonly y: number;
  readonly reach: number;
}

/**
 * Draws one image of a shape into `out` ([side, side, 3], 8-bit): a textured background, small distracting marks, the
 * shape at a random place, size and angle in a colour of its own, then a change of contrast and noise. Nothing but the
 * outline depends on the class.
 */
export function drawScene(shape: Shape, side: number, random: Random, out: Uint8Array): void {
  const canvas = new Float32Array(side * side * 3);
  const base = randomColour(0.05, 0.65, random);
  fill(canvas, side, texturedPaint(base, 0.16, side, random), everywhere(side));
  const marks = 2 + random.below(4);
  for (let i = 0; i < marks; i++) drawMark(canvas, side, base, random);
  const ink = contrastingColour(base, between(0.28, 0.6, random), random);
  fill(canvas, side, texturedPaint(ink, 0.08, side, random), place(shape, side, random));
  develop(canvas, random, out);
}

/** Lays paint over the canvas where the signed distance is negative; edges are smooth over one pixel. */
function fill(canvas: Float32Array, side: number, paint: Paint, { distance, x, y, reach }: Figure): void {
  const [left, right] = [Math.max(0, Math.floor(x - reach) - 1), Math.min(side, Math.ceil(x + reach) + 1)];
  const [top, bottom] = [Math.max(0, Math.floor(y - reach) - 1), Math.min(side, Math.ceil(y + reach) + 1)];
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const cover = clamp(0.5 - distance(column + 0.5, row + 0.5));
      if (cover > 0) blend(canvas, (row * side + column) * 3, paint(column, row), cover);
    }
  }
}

function blend(canvas: Float32Array, at: number, [r, g, b]: Colour, cover: number): void {
  canvas[at] = (1 - cover) * (canvas[at] as number) + cover * r;
  canvas[at + 1] = (1 - cover) * (canvas[at + 1] as number) + cover * g;
  canvas[at + 2] = (1 - cover) * (canvas[at + 2] as number) + cover * b;
}

function everywhere(side: number): Figure {
  return { distance: () => -1, x: side / 2, y: side / 2, reach: side };
}

/** The shape turned, scaled and moved into the image. */
function place(shape: Shape, side: number, random: Random): Figure {
  const radius = side * between(0.27, 0.43, random);
  const slack = side / 2 - radius;
  const [x, y] = [side / 2 + between(-slack, slack, random), side / 2 + between(-slack, slack, random)];
  const angle = between(0, 2 * Math.PI, random);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const distance: Shape = (px, py) => {
    const [dx, dy] = [(px - x) / radius, (py - y) / radius];
    return shape(cos * dx + sin * dy, cos * dy - sin * dx) * radius;
  };
  return { distance, x, y, reach: radius };
}

/** A short stroke or a small blob, in front of the background and behind the shape. */
function drawMark(canvas: Float32Array, side: number, base: Colour, random: Random): void {
  const [x, y] = [between(0, side, random), between(0, side, random)];
  const angle = between(0, 2 * Math.PI, random);
  const half = random.uniform() < 0.7 ? between(1.5, 0.2 * side, random) : 0;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const radius = half > 0 ? between(0.5, 1.2, random) : between(1, 2.2, random);
  const colour = contrastingColour(base, between(0.1, 0.5, random), random);
  const distance: Shape = (px, py) => {
    const along = Math.min(half, Math.max(-half, (px - x) * cos + (py - y) * sin));
    return norm(px - x - along * cos, py - y - along * sin) - radius;
  };
  fill(canvas, side, () => colour, { distance, x, y, reach: half + radius });
}

/** A colour that changes across the image: a gradient and a wave, each in a random direction. */
function texturedPaint(base: Colour, amount: number, side: number, random: Random): Paint {
  const slope = randomVector(between(0, amount, random) / side, random);
  const wave = randomVector((2 * Math.PI) / between(4, side, random), random);
  const phase = between(0, 2 * Math.PI, random);
  const [tintG, tintW] = [randomTint(random), randomTint(random)];
  const height = between(0, amount, random) / 2;
  return (x, y) => {
    const gradient = 2 * (slope[0] * (x - side / 2) + slope[1] * (y - side / 2));
    const ripple = height * Math.sin(wave[0] * x + wave[1] * y + phase);
    return [
      base[0] + gradient * tintG[0] + ripple * tintW[0],
      base[1] + gradient * tintG[1] + ripple * tintW[1],
      base[2] + gradient * tintG[2] + ripple * tintW[2],
    ];
  };
}

/** Changes contrast and brightness, adds noise, and rounds to 8 bits. */
function develop(canvas: Float32Array, random: Random, out: Uint8Array): void {
  const contrast = between(0.7, 1.1, random);
  const middle = 0.5 + between(-0.1, 0.1, random);
  const grain = between(0.01, 0.05, random) * Math.sqrt(3);
  for (let i = 0; i < out.length; i++) {
    const noise = grain * (2 * random.uniform() - 1);
    const value = middle + contrast * ((canvas[i] as number) - 0.5) + noise;
    out[i] = Math.round(255 * Math.min(1, Math.max(0, value)));
  }
}

function randomColour(low: number, high: number, random: Random): Colour {
  return [between(low, high, random), between(low, high, random), between(low, high, random)];
}

/** The share of figures that are lighter than the background: it leaves a linear classifier something to find. */
const LIGHTER = 0.85;

/** A colour whose luma is `step` away from another's: more often above it, if there is room. */
function contrastingColour(base: Colour, step: number, random: Random): Colour {
  const target = luma(base) + (random.uniform() < LIGHTER ? step : -step);
  const wanted = target > 0.97 ? luma(base) - step : target < 0.03 ? luma(base) + step : target;
  const colour = randomColour(0.1, 0.9, random);
  const shift = wanted - luma(colour);
  return [clamp(colour[0] + shift), clamp(colour[1] + shift), clamp(colour[2] + shift)];
}

function luma([r, g, b]: Colour): number {
  return 0.299 * r + 0.587 * g + 0.114 * b;
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}

function randomVector(length: number, random: Random): readonly [number, number] {
  const angle = between(0, 2 * Math.PI, random);
  return [length * Math.cos(angle), length * Math.sin(angle)];
}

function randomTint(random: Random): Colour {
  return [between(0.4, 1, random), between(0.4, 1, random), between(0.4, 1, random)];
}

function between(low: number, high: number, random: Random): number {
  return low + (high - low) * random.uniform();
}
