import { expect, it } from 'vitest';
import { logLineSchema } from '../../src/events/log-schema.js';
import { versioned } from '../../src/report/log/log-version.js';
import { startEvent, stepEvent, wholeRun } from '../report/events.js';
import { wrongLines } from './log-lines.js';

it('has every kind of event, and null for numbers that are not finite', () => {
  const odd = [
    ...wholeRun(),
    stepEvent(0, 0, [Number.NaN, Number.POSITIVE_INFINITY, 1]),
    { type: 'note', message: 'a' } as const,
    { type: 'warning', message: 'a' } as const,
    { type: 'phase', phase: 'features', done: 1, of: 2 } as const,
  ];
  expect(wrongLines(odd)).toEqual([]);
});

it('refuses what is no event', () => {
  const { version: _, ...unversioned } = versioned(startEvent());
  expect(logLineSchema.safeParse(unversioned).success).toBe(false);
  expect(logLineSchema.safeParse({ ...stepEvent(0, 0, [1]), step: -1 }).success).toBe(false);
});
