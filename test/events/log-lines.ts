import type { TrainEvent } from '../../src/events/events.js';
import { logLineSchema } from '../../src/events/log-schema.js';
import { versioned } from '../../src/report/log/log-version.js';
import { printableJson } from '../../src/util/printable.js';

/** What of these events, as a log has them, is not as the schema of the log says. */
export function wrongLines(events: readonly TrainEvent[]): string[] {
  return events.flatMap((event) => {
    const line = JSON.parse(printableJson(event.type === 'start' ? versioned(event) : event)) as unknown;
    const { error } = logLineSchema.safeParse(line);
    return error ? [`${event.type}: ${error.message}`] : [];
  });
}
