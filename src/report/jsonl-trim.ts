import type { Position } from '../train/events.js';

/**
 * What stays of a log when its run goes on from an earlier position: the lines before the first step or epoch that will
 * come again, without the last stop or end, and without a line that a crash cut short.
 */
export function trimLog(text: string, resumeAt: Position): string {
  const lines = text.split('\n').flatMap((line) => {
    const event = parseEvent(line);
    return event ? [{ line, event }] : [];
  });
  const cut = lines.findIndex(({ event }) => comesAgain(event, resumeAt));
  let end = cut < 0 ? lines.length : cut;
  while (end > 0 && lines[end - 1]?.event.type === 'phase') end--;
  return lines
    .slice(0, end)
    .map(({ line }) => `${line}\n`)
    .join('');
}

/** Whether a log tells how its run was set up. */
export function hasStart(text: string): boolean {
  return text.split('\n').some((line) => parseEvent(line)?.type === 'start');
}

interface LoggedEvent {
  readonly type?: unknown;
  readonly epoch?: unknown;
  readonly step?: unknown;
}

function comesAgain({ type, epoch, step }: LoggedEvent, resumeAt: Position): boolean {
  if (type === 'stop' || type === 'end') return true;
  if (typeof epoch !== 'number') return false;
  if (type === 'epoch') return epoch >= resumeAt.epoch;
  if (type !== 'step' || typeof step !== 'number') return false;
  return epoch > resumeAt.epoch || (epoch === resumeAt.epoch && step >= resumeAt.step);
}

function parseEvent(line: string): LoggedEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
