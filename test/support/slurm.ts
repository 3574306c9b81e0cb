import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, waitUntil } from './processes.js';

const run = promisify(execFile);
const DAEMONS = ['/usr/sbin/munged', '/usr/sbin/slurmctld', '/usr/sbin/slurmd'];

/** Why no cluster can be started here; undefined where one can. */
export function whyNoSlurm(): string | undefined {
  const missing = DAEMONS.filter((path) => !existsSync(path));
  if (missing.length > 0) return `no Slurm (package slurm-wlm): ${missing.join(', ')}`;
  return process.getuid?.() === 0 ? undefined : 'the daemons of Slurm need root';
}

/** A cluster of this machine alone. */
export interface Slurm {
  /** What its commands need in their environment. */
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** Starts a cluster with all its files in a folder, which is to have a short path: a socket is in it. */
export async function startSlurm(folder: string): Promise<Slurm> {
  const at = (name: string) => join(folder, name);
  const [name] = hostname().split('.') as [string];
  for (const each of ['state', 'spool']) await mkdir(at(each));
  await chmod(folder, 0o755);
  await writeFile(at('key'), randomBytes(1024), { mode: 0o600 });
  const [controller, node] = [await freePort(), await freePort()];
  const settings = {
    ClusterName: 'agon',
    SlurmctldHost: name,
    SlurmUser: 'root',
    SlurmdUser: 'root',
    AuthType: 'auth/munge',
    AuthInfo: `socket=${at('munge.socket')}`,
    StateSaveLocation: at('state'),
    SlurmdSpoolDir: at('spool'),
    SlurmctldPidFile: at('slurmctld.pid'),
    SlurmdPidFile: at('slurmd.pid'),
    SlurmctldPort: controller,
    SlurmdPort: node,
    ProctrackType: 'proctrack/linuxproc',
    TaskPlugin: 'task/none',
    SelectType: 'select/cons_tres',
    SelectTypeParameters: 'CR_CPU',
    SlurmctldLogFile: at('slurmctld.log'),
    SlurmdLogFile: at('slurmd.log'),
    JobAcctGatherType: 'jobacct_gather/none',
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  lines.push(`NodeName=${name} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN`, 'PartitionName=main Nodes=ALL Default=YES');
  await writeFile(at('slurm.conf'), `${lines.join('\n')}\n`);
  const env = { ...process.env, SLURM_CONF: at('slurm.conf') };
  const munge = ['socket', 'pid', 'seed'].map(
    (each) => `--${each}${each === 'socket' ? '' : '-file'}=${at(`munge.${each}`)}`,
  );
  await run('/usr/sbin/munged', ['--force', `--key-file=${at('key')}`, `--log-file=${at('munge.log')}`, ...munge]);
  for (const daemon of ['slurmctld', 'slurmd'])
    spawn(`/usr/sbin/${daemon}`, ['-f', at('slurm.conf')], { env, stdio: 'ignore' });
  await waitUntil(async () => (await run('sinfo', ['-h', '-o', '%T'], { env })).stdout.trim() === 'idle');
  return { env, stop: () => stopAll(['slurmd', 'slurmctld', 'munge'].map((each) => at(`${each}.pid`))) };
}

/** Ends processes by the files that hold their numbers, and waits until they are gone. */
async function stopAll(files: readonly string[]): Promise<void> {
  for (const file of files) {
    if (!existsSync(file)) continue;
    const pid = Number(readFileSync(file, 'utf8'));
    process.kill(pid);
    await waitUntil(async () => !existsSync(`/proc/${pid}`));
  }
}
