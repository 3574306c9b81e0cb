import type { Node, Value } from '../graph/node/node.js';
import { sizeOf } from '../graph/node/sizes.js';
import { type Window, windowOf } from '../graph/node/window.js';
import { at } from '../util/checked.js';

/** A convolution's geometry, read off a Conv or a semantic gradient node. */
export interface Geometry extends Window {
  readonly group: number;
}

export function geometryOf(node: Node): Geometry {
  return { ...windowOf(node, node.input(0), node.numbers('kernel_shape')), group: node.number('group', 1) };
}

/** Distance between a kernel's first and last tap along an axis. */
export function reach({ kernel, dilations }: Geometry, axis: number): number {
  return (at(kernel, axis) - 1) * at(dilations, axis);
}

/** Pads with which a stride-1 convolution of dY gives dX: all that the kernel reaches, less the forward padding. */
export function inputGradPads(geometry: Geometry): number[] {
  return [geometry.begin, geometry.end].flatMap((side) => side.map((pad, i) => reach(geometry, i) - pad));
}

/** Padding after an axis so that dY, laid over X as a kernel, takes just the weights' positions; negative: X has a tail. */
export function endPad(geometry: Geometry, dY: Value, size: number, axis: number): number {
  const span = (sizeOf(dY, axis + 2) - 1) * at(geometry.strides, axis) + 1;
  return reach(geometry, axis) + span - size - at(geometry.begin, axis);
}
