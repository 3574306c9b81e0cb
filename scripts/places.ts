/**
 * Measures what it costs to have networks in places of their own: times of whole training steps of two networks in one graph, in two places of
 * one process, and with the second one at a peer in another process of this machine, in turns:
 * `node --import tsx scripts/places.ts [--nets resnet20,resnet20] [--batch 128] [--threads 2] [--steps 10] [--rounds 5]`.
 * Prints a table in Markdown. Say so where other programs used the machine.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildPlacedSteps } from '../src/distill/places/place-steps.js';
import { planStep } from '../src/group/group.js';
import { openPlaces } from '../src/group/placed.js';
import { openRemotePlace } from '../src/peer/remote-place.js';
import { makeToken } from '../src/peer/wire/keys.js';
import { CPU } from '../src/runtime/device.js';
import type { StepRunner } from '../src/runtime/step-runner.js';
import { timeSteps } from './bench/measure/step-time.js';
import { median, round } from './bench/numbers.js';
import { markdownTable } from './bench/tables.js';
import { build, choose, loadInitial, open } from './bench/workload.js';

const { values } = parseArgs({
  options: {
    nets: { type: 'string', default: 'resnet20,resnet20' },
    batch: { type: 'string', default: '128' },
    threads: { type: 'string', default: '2' },
    steps: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '5' },
  },
});
const [batch, threads, steps, rounds] = [values.batch, values.threads, values.steps, values.rounds].map(Number) as [
  number,
  number,
  number,
  number,
];
const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const env = { ...process.env, AGON_PEER_TOKEN: makeToken() };

const workload = {
  nets: values.nets.split(','),
  batch,
  size: 32,
  classes: 10,
  threads,
  device: 'cpu',
  portable: false,
  tune: true,
};
const built = build(workload);
const half = Math.max(1, Math.floor(threads / 2));
const [whole, halved] = await Promise.all([startPeer(threads), startPeer(half)]);
try {
  const forms: Readonly<Record<string, () => Promise<StepRunner>>> = {
    'one graph': async () => open(built, await choose(built)),
    'two places, activations kept': () => placed({ keep: true }),
    'two places, forward computed twice': () => placed({ keep: false }),
    [`one at a peer, ${threads} threads each`]: () => placed({ keep: true, peer: whole.address }),
    [`one at a peer, ${half} of ${threads} threads each`]: () =>
      placed({ keep: true, peer: halved.address, threads: half }),
    [`one at a peer, ${half} of ${threads} threads each, forward computed twice`]: () =>
      placed({ keep: false, peer: halved.address, threads: half }),
  };
  const times = new Map(Object.keys(forms).map((name) => [name, [] as number[]]));
  for (let turn = 0; turn < rounds; turn++) {
    for (const [name, openForm] of Object.entries(forms)) times.get(name)?.push(await timeForm(await openForm()));
    process.stderr.write(`round ${turn + 1} of ${rounds}\n`);
  }
  const base = times.get('one graph') as number[];
  const rows = [...times].map(([name, all]) => {
    const ratios = all.map((time, i) => time / (base[i] as number));
    const range = `${round(Math.min(...ratios), 2)} to ${round(Math.max(...ratios), 2)}`;
    return [name, String(round(median(all))), String(round(median(ratios), 2)), range];
  });
  process.stdout.write(`${markdownTable({ head: ['form', 'step, ms', '/ one graph', 'range'], rows })}\n`);
} finally {
  for (const { child } of [whole, halved]) child.kill();
}

interface PlacedForm {
  readonly keep: boolean;
  readonly peer?: string;
  readonly threads?: number;
}

/** Two places: both of this process, or the second at a peer. */
async function placed({ keep, peer, threads: own = threads }: PlacedForm): Promise<StepRunner> {
  const plan = planStep(built.group, built.settings);
  const { runner } = await openPlaces(buildPlacedSteps(plan), built.step.state, {
    devices: workload.nets.map((_, i) => (peer !== undefined && i === 1 ? peer : CPU)),
    names: workload.nets,
    ...{ threads: own, tune: true, keep, precision: 'float32' },
    openPeer: (...asked) =>
      openRemotePlace(...asked, {
        env,
        run: 'places',
        waitSeconds: 60,
        onNote: () => {},
        onLeaving: () => {},
        checkStop: () => {},
      }),
  });
  return runner;
}

/** The median of the steps' times, in milliseconds. */
async function timeForm(runner: StepRunner): Promise<number> {
  loadInitial(built, runner);
  const times = await timeSteps(built, runner, steps);
  await runner.close();
  return median(times);
}

async function startPeer(own: number): Promise<{ readonly child: ChildProcess; readonly address: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, 'peer', '--port', '0', '--threads', String(own)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  const address = new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (part) => {
      text += part;
      const [, found] = /listens at (\S+),/.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.on('exit', () => reject(new Error(`agon peer ended: ${text}`)));
  });
  return { child, address: await address };
}
