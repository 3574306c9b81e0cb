import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TrainEvent } from '../../src/events/events.js';
import type { SettingsInput } from '../../src/settings/settings.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { prepareRunFolder, readRunSettings, runPaths } from '../../src/store/run-folder.js';
import { AgonError, messageOf } from '../../src/util/error.js';
import { newRunFolder, RESNET, resultsOf, runHere, smallData, smallSettings, temporaryFolder, WIDER } from './runs.js';

describe('a run that diverges', () => {
  it('names network and step, and keeps the checkpoints of finished epochs', async () => {
    const schedule: SettingsInput['schedule'] = { name: 'multi-step', milestones: [1], gamma: 1e12 };
    const settings = smallSettings(await smallData(), { schedule, epochs: 9 });
    const folder = await newRunFolder();
    const error = await failureOf(runHere(settings, { folder }));
    expect(error).toBeInstanceOf(AgonError);
    expect(messageOf(error)).toMatch(/^network [01] \(resnet-cifar\): .* of epoch 2: expected finite .* learning rate/);
    for (const path of [runPaths(folder).last, runPaths(folder).best]) {
      const { position, tensors, best } = await readCheckpoint(path);
      expect([position, best?.epoch]).toEqual([{ epoch: 1, step: 0 }, 0]);
      for (const { data } of tensors.values()) expect((data as Float32Array).every(Number.isFinite)).toBe(true);
    }
  });

  // The loss of a step is from before its update: only the parameters show that the update was too much.
  it.each([
    ['when an epoch ends', 48, undefined],
    ['when it is stopped', 16, 1],
  ])('is noticed %s, before a checkpoint is written', async (_, batchSize, stopAfter) => {
    const optimizer = { name: 'sgd', lr: 1e300 } as const;
    const settings = smallSettings(await smallData(), { nets: [RESNET, WIDER], optimizer, batchSize });
    const folder = await newRunFolder();
    const error = await failureOf(runHere(settings, { folder, ...(stopAfter && { stopAfter }) }));
    expect(messageOf(error)).toMatch(
      /^network 0 \(resnet-cifar\): net0\.[\w.]+ is not finite after step 1 of epoch 1: /,
    );
    expect((await readdir(folder)).sort()).toEqual(['config.json', 'data.json']);
  });
});

describe('a run folder', () => {
  it('that holds a run is refused, unless it may be replaced: when the new run begins', async () => {
    const settings = smallSettings(await smallData(), { epochs: 1 });
    const { folder } = await runHere(settings);
    const results = await resultsOf(folder);
    await expect(prepareRunFolder(folder, { overwrite: false })).rejects.toThrow(
      `${folder}: there is a run in this folder. Go on with it (--resume), replace it (--overwrite), or`,
    );
    await prepareRunFolder(folder, { overwrite: true });
    await expect(runHere({ ...settings, batchSize: 1000 }, { folder })).rejects.toThrow(/too few training images/);
    expect(await resultsOf(folder)).toEqual(results);
    expect(await readRunSettings(folder)).toEqual(settings);

    await writeFile(join(folder, 'notes.txt'), 'mine');
    const next = { ...settings, seed: 5 };
    await runHere(next, { folder, stopAfter: 0 });
    expect((await readdir(folder)).sort()).toEqual(['config.json', 'data.json', 'last.safetensors', 'notes.txt']);
    expect(await readRunSettings(folder)).toEqual(next);
  });

  it('that is none has no settings', async () => {
    const folder = await temporaryFolder();
    await expect(readRunSettings(folder)).rejects.toThrow(`${folder}: there is no run in this folder (no config.json)`);
    await writeFile(join(folder, 'config.json'), '{"epochs": ');
    await expect(readRunSettings(folder)).rejects.toThrow(/config\.json: not valid JSON/);
    await writeFile(join(folder, 'config.json'), '{"epoch": 3}');
    await expect(readRunSettings(folder)).rejects.toThrow(/config\.json: unknown setting "epoch"\. Did you mean/);
  });

  it("that can't be made is an error that names it", async () => {
    const parent = await temporaryFolder();
    await writeFile(join(parent, 'file'), '');
    const folder = join(parent, 'file', 'run');
    const error = await failureOf(prepareRunFolder(folder, { overwrite: false }));
    expect(error).toBeInstanceOf(AgonError);
    expect(messageOf(error)).toContain(`${folder}: can't be created: `);
  });

  it("that can't be written to is an error that names the file", async ({ skip }) => {
    const folder = await mountOrSkip(skip, 'size=64k');
    execFileSync('mount', ['-o', 'remount,ro', folder]);
    for (const path of [folder, join(folder, 'run')]) {
      const error = await failureOf(prepareRunFolder(path, { overwrite: false }));
      expect(error).toBeInstanceOf(AgonError);
      expect(messageOf(error)).toMatch(new RegExp(`^${path}.*: can't be (written|created): .*\\. Choose`));
    }
  });
});

describe('a disk that is full', () => {
  it.for([
    [
      'at a checkpoint',
      'epoch',
      /(best\.safetensors|last\.safetensors|lineage\.bin): can't be written: .*no space left.*Free some disk space/i,
    ],
    ['at the export', 'export', /winner\.onnx: can't be written: .*no space left/i],
  ] as const)('%s leaves what was written before', async ([_, when, message], { skip }) => {
    // A full disk is a small one that a file fills up.
    const disk = await mountOrSkip(skip, 'size=2m');
    const kept = await temporaryFolder();
    const settings = smallSettings(await smallData(), { nets: [RESNET] });
    const folder = join(disk, 'run');
    await prepareRunFolder(folder, { overwrite: false });
    const { last, best } = runPaths(folder);
    const fill = (event: TrainEvent) => {
      const due = when === 'epoch' ? event.type === 'epoch' : event.type === 'phase' && event.phase === 'export';
      if (!due) return;
      for (const path of [last, best]) copyFileSync(path, join(kept, path === last ? 'last' : 'best'));
      fillDisk(join(disk, 'filler'));
    };
    const error = await failureOf(runHere(settings, { folder, onEvent: fill }));
    expect(error).toBeInstanceOf(AgonError);
    expect(messageOf(error)).toMatch(message);
    expect(await readFile(last)).toEqual(await readFile(join(kept, 'last')));
    expect(await readFile(best)).toEqual(await readFile(join(kept, 'best')));
    // The result comes before the export.
    const results = when === 'export' ? ['result.json'] : [];
    const files = ['best.safetensors', 'config.json', 'data.json', 'last.safetensors', 'lineage.bin', ...results];
    expect((await readdir(folder)).sort()).toEqual(files);

    await rm(join(disk, 'filler'));
    expect((await runHere(settings, { folder, resume: true })).outcome).toBe('finished');
  });
});

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable('it did not fail'),
    (error: unknown) => error,
  );
}

/** A small disk of its own for a test, which only the superuser can mount. */
async function mountOrSkip(skip: (note?: string) => void, options: string): Promise<string> {
  const folder = join(await temporaryFolder(), 'disk');
  await mkdir(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    skip('mounting a small disk is not permitted here');
  }
  onTestFinished(() => void execFileSync('umount', [folder]));
  return folder;
}

function fillDisk(path: string): void {
  for (let size = 1 << 20; size >= 1; size >>= 1) {
    try {
      for (;;) writeFileSync(path, new Uint8Array(size), { flag: 'a' });
    } catch {
      // Full for pieces of this size.
    }
  }
}
