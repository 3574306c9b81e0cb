import type { StartEvent, TrainEvent } from '../../events/events.js';
import { AgonError, messageOf } from '../../util/error.js';
import { createJsonlLog, type JsonlLog, type JsonlOptions } from './jsonl.js';

/**
 * The log of a run's folder. It is opened when the run starts, which is when a resumed run says where it goes on: a run
 * that fails before writes nothing.
 */
export function openRunLog(path: string, options: Pick<JsonlOptions, 'onFailure' | 'onGap'> = {}): JsonlLog {
  const held: TrainEvent[] = [];
  let log: JsonlLog | undefined;
  let opening: Promise<void> | undefined;
  let failure: AgonError | undefined;
  const open = async (start: StartEvent) => {
    try {
      log = await createJsonlLog(path, { ...options, resumed: start.resumedAt && start });
      for (const event of held.splice(0)) void log.onEvent(event);
    } catch (error) {
      failure = error instanceof AgonError ? error : new AgonError(path, messageOf(error), { cause: error });
      options.onFailure?.(failure);
    }
  };
  const hold = (event: TrainEvent): Promise<void> | undefined => {
    // What a resumed run says before it starts, it has said before.
    if (event.type === 'start' && event.resumedAt) held.length = 0;
    held.push(event);
    if (event.type === 'start') opening = open(event);
    return opening;
  };
  return {
    onEvent(event) {
      if (log) return log.onEvent(event);
      return failure ? undefined : hold(event);
    },
    async close() {
      await opening;
      if (failure) throw failure;
      await log?.close();
    },
  };
}
