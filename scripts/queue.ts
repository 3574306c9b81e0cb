/**
 * Measures what a queue costs: runs a minute of a comparison of tiny runs, by one process (`--jobs 2`) and by a queue with a worker of as many
 * jobs, in turns: `npm run build`, then `node --import tsx scripts/queue.ts [--runs 200] [--jobs 2] [--rounds 3]`. Prints a table in Markdown.
 * Both are the built program, as it is installed. Starts a Redis of its own (`redis-server` has to be installed). Say so where other programs
 * used the machine.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    jobs: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
  },
});
const [runs, rounds] = [Number(values.runs), Number(values.rounds)];
const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

const folder = await mkdtemp(join(tmpdir(), 'agon-queue-'));
const port = await freePort();
const kept = ['--dir', folder, '--save', '', '--appendonly', 'yes'];
const redis = spawn('redis-server', ['--bind', '127.0.0.1', '--port', String(port), ...kept], { stdio: 'ignore' });
const address = `redis://127.0.0.1:${port}`;
try {
  await wait(1000);
  const file = join(folder, 'experiment.json');
  await writePhotographs(join(folder, 'images'));
  await writeFile(file, JSON.stringify(experiment()));
  const minutes: { local: number[]; queue: number[] } = { local: [], queue: [] };
  for (let round = 0; round < rounds; round++) {
    minutes.local.push(await compare([file, '--out', join(folder, `local-${round}`), '--jobs', values.jobs]));
    const place = ['--out', join(folder, 'worker'), '--data', join(folder, 'images'), '--jobs', values.jobs];
    const worker = agon(['worker', '--queue', address, ...place]);
    await wait(5000);
    minutes.queue.push(await compare([file, '--out', join(folder, `queue-${round}`), '--queue', address]));
    worker.kill('SIGTERM');
    await once(worker, 'exit');
  }
  const rates = (all: readonly number[]) => all.map((minute) => runs / minute);
  const ratios = rates(minutes.queue).map((rate, i) => rate / (rates(minutes.local)[i] as number));
  const row = (name: string, all: readonly number[], digits: number) => [name, ...all.map((x) => x.toFixed(digits))];
  const head = ['runs a minute', ...minutes.local.map((_, i) => `round ${i + 1}`)];
  const rows = [
    row(`one process, --jobs ${values.jobs}`, rates(minutes.local), 1),
    row(`queue, one worker, --jobs ${values.jobs}`, rates(minutes.queue), 1),
    row('queue / one process', ratios, 3),
  ];
  const separator = head.map((_, i) => (i === 0 ? '---' : '---:'));
  for (const cells of [head, separator, ...rows]) console.log(`| ${cells.join(' | ')} |`);
} finally {
  redis.kill();
  await once(redis, 'exit');
  await rm(folder, { recursive: true, force: true });
}

/** As many runs as asked for, of a few seconds. */
function experiment() {
  return {
    name: 'tiny',
    base: { data: join(folder, 'images'), epochs: 1, batchSize: 16, threads: 1 },
    groups: { pair: ['resnet8', 'resnet8'] },
    methods: { alone: { rule: 'none' } },
    seeds: { from: 0, count: runs },
  };
}

/** Two classes of 24 images, light and dark, 32 x 32. */
async function writePhotographs(to: string): Promise<void> {
  for (const [name, light] of Object.entries({ dark: 40, light: 200 })) {
    await mkdir(join(to, name), { recursive: true });
    for (let i = 0; i < 24; i++) {
      const background = { r: light + i, g: light, b: light - i };
      await sharp({ create: { width: 32, height: 32, channels: 3, background } }).toFile(join(to, name, `${i}.png`));
    }
  }
}

/** Minutes from the first run's beginning to the last one's end: without the start of the process and its checks. */
async function compare(args: readonly string[]): Promise<number> {
  const child = agon(['compare', ...args]);
  let [begin, end, text] = [0, 0, ''];
  child.stdout?.on('data', (part) => {
    text += part;
    if (begin === 0 && /to go/.test(text)) begin = performance.now();
    if (end === 0 && text.includes(`[${runs}/${runs}]`)) end = performance.now();
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`agon compare ended with ${code}`);
  return (end - begin) / 60_000;
}

function agon(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return free;
}
