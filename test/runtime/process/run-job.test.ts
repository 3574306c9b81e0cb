import { expect, it } from 'vitest';
import { runJob } from '../../../src/runtime/process/run-job.js';

const compute = { kind: 'compute', device: 'cpu' } as const;
/** What a driver may do to its process. */
const doing = (script: string) => ({ NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(script)}` });

it('says that the process was ended, and how', async () => {
  const killed = await runJob(compute, { seconds: 60, env: doing("process.kill(process.pid, 'SIGSEGV')") });
  expect(killed).toEqual({ error: 'the process that tried it ended with SIGSEGV' });
  const left = await runJob(compute, { seconds: 60, env: doing('process.exit(7)') });
  expect(left).toEqual({ error: 'the process that tried it ended with code 7' });
});

it('ends a process that does not come back', async () => {
  const outcome = await runJob(compute, { seconds: 0.5, env: doing('for (;;);') });
  expect(outcome).toEqual({ error: 'it gave no answer within 0.5 s' });
});

it('hands over every line that is written, however many', async () => {
  const lines: string[] = [];
  const env = doing("for (let i = 0; i < 5000; i++) process.stderr.write('line ' + i + '\\n')");
  const outcome = await runJob(compute, { seconds: 60, env, onLine: (line) => lines.push(line) });
  expect(outcome).toEqual({ value: undefined });
  expect(lines.filter((line) => line.startsWith('line '))).toHaveLength(5000);
});

it('answers with the error of the job', async () => {
  const outcome = await runJob(
    { kind: 'place', device: 'cpu', model: new Uint8Array(9), graphPasses: true },
    { seconds: 60 },
  );
  expect('error' in outcome && outcome.error).toMatch(/protobuf|model/i);
});
