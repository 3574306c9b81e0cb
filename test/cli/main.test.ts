import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs the command as a process of its own; `early` closes its stdout before it writes. */
function run(args: readonly string[], { early = false, env = {} } = {}) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args], {
      cwd: root,
      env: { ...process.env, AGON_DEBUG: '', ...env },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (piece: Buffer) => {
      stdout += piece.toString();
    });
    child.stderr.on('data', (piece: Buffer) => {
      stderr += piece.toString();
    });
    if (early) child.stdout.destroy();
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe('the agon process', () => {
  it('exits with 2 after a wrong call', async () => {
    expect(await run(['trian'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('mean "train"?'),
    });
  });

  it('exits with 1 after an error, which has a stack with AGON_DEBUG=1', async () => {
    const { code, stderr } = await run(['data', '/nowhere'], { env: { AGON_DEBUG: '1' } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: \/nowhere: [^\n]+\nAgonError: [\s\S]*\n {4}at /);
  });

  it('says nothing when the reader of its pipe leaves', async () => {
    expect(await run(['nets'], { early: true })).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});
