/** Runs a job on WebGPU: `node --import tsx child.ts JOB`. Prints its answers as JSON, or an error. */
import { messageOf } from '../../../src/util/error.js';
import { JOBS, type JobName } from './jobs.js';
import { PLACES } from './places.js';

const job = process.argv[2] as JobName;
const answers = await PLACES.webgpu()
  .then((place) => JOBS[job](place))
  .catch((error: unknown) => ({ error: messageOf(error) }));
process.stdout.write(JSON.stringify(answers), () => process.exit(0));
