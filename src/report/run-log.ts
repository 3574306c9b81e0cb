import type { StartEvent, TrainEvent } from '../train/events.js';
import { createJsonlLog, type JsonlLog } from './jsonl.js';

/**
 * The log of a run's folder. It is opened when the run starts, which is when a resumed run says where it goes on: a run
 * that fails before writes nothing.
 */
export function openRunLog(path: string): JsonlLog {
  const held: TrainEvent[] = [];
  let log: JsonlLog | undefined;
  let opening: Promise<void> | undefined;
  let failure: unknown;
  const open = async ({ resumedAt }: StartEvent) => {
    try {
      log = await createJsonlLog(path, { resumeAt: resumedAt });
      for (const event of held.splice(0)) log.onEvent(event);
    } catch (error) {
      failure = error;
    }
  };
  const hold = (event: TrainEvent) => {
    // What a resumed run says before it starts, it has said before.
    if (event.type === 'start' && event.resumedAt) held.length = 0;
    held.push(event);
    if (event.type === 'start') opening = open(event);
  };
  return {
    onEvent(event) {
      if (log) log.onEvent(event);
      else if (!failure) hold(event);
    },
    async close() {
      await opening;
      if (failure) throw failure;
      await log?.close();
    },
  };
}
