import { describe, expect, it } from 'vitest';
import { guardingStack } from '../../../src/ort-training/session/stack-guard.js';

interface Heap {
  readonly freed: number[];
  readonly size: number;
  stackAlloc(size: number): number;
  _free(address: number): void;
}

/** As the library's module: `_free` replaces itself when it is first called. */
const MODULE = `data:text/javascript,${encodeURIComponent(`
  export default async ({ size }) => {
    const freed = [];
    let top = 1024;
    const heap = { freed, size, stackAlloc: (bytes) => (top -= bytes) };
    heap._free = (address) => (heap._free = (own) => freed.push(own))(address);
    return heap;
  };`)}`;

describe('the library behind the guard', () => {
  it('is made from the same options, and frees what it is told, but nothing on its stack', async () => {
    const { default: create } = (await import(/* @vite-ignore */ guardingStack(MODULE))) as {
      default: (options: { size: number }) => Promise<Heap>;
    };
    const heap = await create({ size: 7 });
    expect(heap.size).toBe(7);
    const [a, b] = [heap.stackAlloc(16), heap.stackAlloc(8)];
    for (const address of [a, 4096, b, 4112, a]) heap._free(address);
    expect([a, b]).toEqual([1008, 1000]);
    expect(heap.freed).toEqual([4096, 4112]);
  });
});
