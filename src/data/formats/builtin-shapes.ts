/**
 * The ten classes of the built-in data set. Each is a signed distance to the outline of a shape that fits in the unit
 * disc about the origin: negative inside, in units of the disc's radius (outside of corners it may be too small, which
 * the antialiasing over one pixel doesn't show). All look the same mirrored and may be turned by any angle.
 */
export type Shape = (x: number, y: number) => number;

export const SHAPES: Readonly<Record<string, Shape>> = {
  disc: (x, y) => norm(x, y) - 0.85,
  ring: (x, y) => Math.abs(norm(x, y) - 0.72) - 0.19,
  square: (x, y) => box(x, y, 0.68, 0.68),
  frame: (x, y) => Math.abs(box(x, y, 0.56, 0.56)) - 0.15,
  triangle: (x, y) => regularPolygon(x, y, 3, 0.5),
  cross: (x, y) => Math.min(box(x, y, 0.92, 0.25), box(x, y, 0.25, 0.92)),
  star: (x, y) => star(x, y, 5, 0.4),
  crescent: (x, y) => Math.max(norm(x, y) - 0.92, 0.72 - norm(x - 0.48, y)),
  heart,
  arrow,
};

/** Euclidean length; `Math.hypot` guards against overflow and is many times slower. */
export function norm(x: number, y: number): number {
  return Math.sqrt(x * x + y * y);
}

/** A rectangle by half its width and half its height. */
function box(x: number, y: number, halfWidth: number, halfHeight: number): number {
  return Math.max(Math.abs(x) - halfWidth, Math.abs(y) - halfHeight);
}

function regularPolygon(x: number, y: number, corners: number, inradius: number): number {
  const sector = (2 * Math.PI) / corners;
  const angle = Math.atan2(y, x);
  const folded = angle - sector * Math.round(angle / sector);
  return norm(x, y) * Math.cos(folded) - inradius;
}

/** A star with its tips at radius 1 and its inner corners at `inner`. */
function star(x: number, y: number, tips: number, inner: number): number {
  const half = Math.PI / tips;
  const angle = Math.atan2(y, x);
  const folded = Math.abs(angle - 2 * half * Math.round(angle / (2 * half)));
  const radius = norm(x, y);
  const [cornerX, cornerY] = [inner * Math.cos(half), inner * Math.sin(half)];
  const length = norm(cornerX - 1, cornerY);
  const across = (radius * Math.cos(folded) - 1) * cornerY - radius * Math.sin(folded) * (cornerX - 1);
  return across / length;
}

/** Two discs side by side, a right angle below them whose sides touch both, and a box for the gap between the three. */
function heart(x: number, y: number): number {
  const radius = 0.44;
  const touch = radius * Math.SQRT1_2;
  const [across, below] = [Math.abs(x), y + 0.28];
  const discs = norm(across - radius, below) - radius;
  const wedge = Math.max((across + below - radius * (1 + Math.SQRT2)) * Math.SQRT1_2, touch - below);
  return Math.min(discs, wedge, box(x, below - touch, radius, touch));
}

function arrow(x: number, y: number): number {
  const head = Math.max(-0.02 - x, (x - 0.95) * Math.SQRT1_2 + Math.abs(y) * Math.SQRT1_2 * 1.1);
  const shaft = box(x + 0.45, y, 0.5, 0.2);
  return Math.min(head, shaft);
}
