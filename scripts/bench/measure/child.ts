/** Does one job in a process of its own, so that peak memory is its own: `child.ts JOB`, JSON in and out. */
import { JOBS, type Job } from './jobs.js';

const job = JSON.parse(process.argv[2] ?? '') as Job;
process.stdout.write(`${JSON.stringify(await JOBS[job.kind](job as never))}\n`);
