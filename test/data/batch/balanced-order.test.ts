import { describe, expect, it } from 'vitest';
import { balancedOrder, repeatsIn } from '../../../src/data/batch/balanced-order.js';

/** 50, 7 and 3 images of classes 0, 2 and 5; none of the others. */
const LABELS = Int32Array.from([...new Array(50).fill(0), ...new Array(7).fill(2), ...new Array(3).fill(5)]);
const DRAWS = 56;
const EPOCHS = 12;

const orders = Array.from({ length: EPOCHS }, (_, epoch) => balancedOrder(LABELS, DRAWS, 9, epoch));
const drawn = orders.flatMap((order) => [...order]);

describe('an epoch of balanced draws', () => {
  it('has every class as often, over all epochs to within one draw', () => {
    const count = (order: Iterable<number>, label: number) => [...order].filter((i) => LABELS[i] === label).length;
    for (const [epoch, order] of orders.entries()) {
      expect(order).toHaveLength(DRAWS);
      const until = orders.slice(0, epoch + 1).flatMap((each) => [...each]);
      for (const label of [0, 2, 5]) {
        expect([18, 19]).toContain(count(order, label));
        expect(Math.abs(count(until, label) - until.length / 3)).toBeLessThan(1);
      }
    }
  });

  it('starves no image: those of a class are drawn equally often to within one, in epochs too', () => {
    for (const label of [0, 2, 5]) {
      const own = [...LABELS.keys()].filter((i) => LABELS[i] === label);
      const times = own.map((i) => drawn.filter((each) => each === i).length);
      expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
      for (const order of orders) {
        const here = own.map((i) => order.filter((each) => each === i).length);
        // A cycle may end amid an epoch and the next one begin with the same image
        expect(Math.max(...here) - Math.min(...here)).toBeLessThanOrEqual(2);
      }
    }
  });

  it('is a function of seed and epoch, shuffled, and no epoch like another', () => {
    expect(balancedOrder(LABELS, DRAWS, 9, 7)).toEqual(orders[7]);
    expect(balancedOrder(LABELS, DRAWS, 8, 7)).not.toEqual(orders[7]);
    expect(new Set(orders.map((order) => order.join())).size).toBe(EPOCHS);
    const labels = [...(orders[0] ?? [])].map((i) => LABELS[i]);
    expect(labels).not.toEqual([...labels].sort());
  });

  it('counts how often each image was there before', () => {
    expect([...repeatsIn(Uint32Array.from([3, 1, 3, 3, 1, 0]))]).toEqual([0, 0, 1, 2, 1, 0]);
  });
});
