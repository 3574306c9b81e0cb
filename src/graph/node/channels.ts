import type { Node } from './node.js';

/** Fails unless inputs 1 .. count-1 hold one number a channel. */
export function checkPerChannel(node: Node, count: number): void {
  const channels = node.input(0).shape[1];
  for (let i = 1; i < count; i++) {
    const { shape } = node.input(i);
    if (shape.length !== 1 || shape[0] !== channels)
      node.fail(`shape of input ${i}`, `[${channels}]`, `[${shape.join(', ')}]`);
  }
}
