import { messageOf, present } from '../../util/error.js';
import type { Answer, Job } from '../process/jobs.js';

// A process of its own (`runJob`): it does one job and ends.

process.once('message', (job: Job) => void answer(job));
// Nobody waits for it any more
process.once('disconnect', () => process.exit(1));

async function answer(job: Job): Promise<void> {
  const result = await answerTo(job).then(
    (value): Answer => ({ value }),
    (error: unknown): Answer => ({ error: messageOf(error) }),
  );
  present(process.send, 'the process that asked').call(process, result, () => process.exit());
}

async function answerTo(job: Job) {
  const { computeOn, placeOn, timeOn } = await import('./device-jobs.js');
  if (job.kind === 'compute') return computeOn(job);
  return job.kind === 'place' ? placeOn(job) : timeOn(job);
}
