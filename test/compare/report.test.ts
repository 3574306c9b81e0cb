import { describe, expect, it } from 'vitest';
import { listMissing, machineLines } from '../../src/compare/report.js';
import { finished } from './finished.js';

const MACHINE = { cpu: 'A fast one', cores: 4, node: '20.1.0' };

/** A run that was finished on some machine. */
function on(machine: typeof MACHINE | undefined, seed = 0) {
  const { run, result } = finished('x', seed, { last: [1, 2, 3] });
  return { run, result: { ...result, ...(machine && { machine }) } };
}

describe('a report', () => {
  it('says what its runs were computed on, not what it is written on', () => {
    expect(machineLines([on(MACHINE), on(MACHINE, 1)])).toEqual([
      'Agon 0.1.0, ONNX Runtime 1.30.0, A fast one, 4 cores, Node.js 20.1.0.',
    ]);
    expect(
      machineLines([on(MACHINE), on({ ...MACHINE, cpu: 'Another' }, 1), on(undefined, 2), on(MACHINE, 3)]),
    ).toEqual([
      '2 runs: Agon 0.1.0, ONNX Runtime 1.30.0, A fast one, 4 cores, Node.js 20.1.0.',
      '1 run: Agon 0.1.0, ONNX Runtime 1.30.0, Another, 4 cores, Node.js 20.1.0 (pair-x-s1).',
      '1 run: Agon 0.1.0, ONNX Runtime 1.30.0, an unrecorded machine (pair-x-s2).',
      'Not all runs have the same machine or versions: their times are not to be compared, and equal runs may differ in the last digits.',
    ]);
  });

  it('lists what failed before what is missing, and not without end', () => {
    const missing = Array.from({ length: 12 }, (_, seed) => ({
      id: `m-s${seed}`,
      group: 'g',
      method: 'm',
      seed,
      state: 'open' as const,
    }));
    const failed = {
      id: 'm-s20',
      group: 'g',
      method: 'm',
      seed: 20,
      state: 'failed' as const,
      error: 'network 1: its loss is NaN',
    };
    expect(listMissing([...missing.slice(0, 1), failed])).toBe('m-s20 (failed: network 1: its loss is NaN), m-s0');
    expect(listMissing([{ ...failed, state: 'training', error: undefined } as never])).toBe('m-s20 (training)');
    expect(listMissing(missing)).toMatch(/^m-s0, .*, m-s9, and 2 more$/);
  });
});
