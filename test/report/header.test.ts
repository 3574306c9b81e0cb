import colors from 'picocolors';
import { describe, expect, it } from 'vitest';
import { headerLines } from '../../src/report/header.js';
import { startEvent } from './events.js';

describe('the header of a preset', () => {
  const linesOf = (...settings: Parameters<typeof startEvent>) =>
    headerLines(startEvent(...settings), 200, colors.createColors(false)).join('\n');

  it('tells what is not as the preset has it, and what the preset has', () => {
    expect(linesOf({ preset: 'dml', epochs: 3, temperature: 2 })).toMatch(/preset +dml,.* epochs 3 \(preset: 200\)/);
    expect(linesOf({ preset: 'dml', epochs: 3, temperature: 2 })).toContain('temperature 2 (preset: 1)');
  });

  it('names the preset alone where all is its own', () => {
    expect(linesOf({ preset: 'dml', epochs: 200, batchSize: 64 })).toMatch(/preset +dml$/m);
  });

  it('has no such line without one', () => {
    expect(linesOf({})).not.toContain('preset');
  });
});

it('the header says how networks are tuned, where that is not the usual way', () => {
  const linesOf = (...settings: Parameters<typeof startEvent>) =>
    headerLines(startEvent(...settings), 200, colors.createColors(false)).join('\n');
  expect(linesOf({ freeze: 'backbone', ema: 0.9, normWeightDecay: false })).toMatch(
    /^tuning +freeze backbone, normWeightDecay false, ema 0\.9$/m,
  );
  expect(linesOf({})).not.toContain('tuning');
});
