import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { present } from '../../../src/util/error.js';
import { watchSessions } from '../measure/sessions.js';
import { timeSteps } from '../measure/step-time.js';
import { type Built, choose, loadInitial, open } from '../workload.js';
import { type NodeEvent, readProfile } from './events.js';

/** What ONNX Runtime's profiler saw of some steps. */
export interface Recording {
  readonly events: readonly NodeEvent[];
  readonly steps: number;
  /** Each step under the profiler. */
  readonly times: readonly number[];
}

/** Runs steps, after a warm-up, under ONNX Runtime's profiler. Its file is removed. */
export async function record(built: Built, steps: number): Promise<Recording> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-profile-'));
  try {
    const profiling = { enableProfiling: true, profileFilePrefix: join(folder, 'step') };
    const target = await choose(built);
    const { result: stepper, sessions } = await watchSessions(() => open(built, target), profiling);
    loadInitial(built, stepper);
    const times = await timeSteps(built, stepper, steps);
    present(sessions.at(-1), 'the session').session.endProfiling();
    await stepper.close();
    return { events: readProfile(await largestFile(folder), steps), steps, times };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Sessions that were opened on the way (probes) write small files beside the step's. */
async function largestFile(folder: string): Promise<string> {
  const texts = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
  return present(texts.sort((a, b) => b.length - a.length)[0], 'the profile');
}
