import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openArtifact } from '../../src/artifacts/read.js';
import { writeArtifact } from '../../src/artifacts/write.js';
import { smallArtifact, temporaryFolder, writtenArtifact } from './samples.js';

const CONTENT = smallArtifact();

describe('writing an artifact', () => {
  it('makes its folder and those above it, and leaves nothing else', async () => {
    const root = await temporaryFolder();
    const folder = join(root, 'a', 'b');
    await writeArtifact(folder, CONTENT);
    expect(await readdir(join(root, 'a'))).toEqual(['b']);
    const { manifest, read } = await openArtifact(folder);
    expect(manifest).toEqual(CONTENT.manifest);
    for (const [path, bytes] of CONTENT.files) expect(Buffer.from(await read(path)).equals(bytes)).toBe(true);
    expect((await stat(folder)).mode).toBe((await stat(join(root, 'a'))).mode);
  });

  it('replaces an artifact only when it may, and other files never', async () => {
    const folder = await writtenArtifact();
    const other = smallArtifact({ made: 'anew' });
    await expect(writeArtifact(folder, other)).rejects.toThrow(
      `${folder}: there is an artifact in this folder. Replace it`,
    );
    await writeArtifact(folder, other, { overwrite: true });
    expect((await openArtifact(folder)).manifest.made).toBe('anew');
    expect(await readdir(join(folder, '..'))).toEqual(['artifact']);

    const notes = await temporaryFolder();
    await writeFile(join(notes, 'notes.txt'), 'mine');
    await expect(writeArtifact(notes, other, { overwrite: true })).rejects.toThrow(
      `${notes}: other files than an artifact are in this folder`,
    );
    expect(await readFile(join(notes, 'notes.txt'), 'utf8')).toBe('mine');
  });

  it('replaces no folder whose manifest is of something else, and no artifact with files of others in it', async () => {
    const site = await temporaryFolder();
    await writeFile(join(site, 'manifest.json'), '{"name": "a web site"}');
    await writeFile(join(site, 'index.html'), 'mine');
    await expect(writeArtifact(site, CONTENT, { overwrite: true })).rejects.toThrow('other files than an artifact');
    expect(await readdir(site)).toEqual(['index.html', 'manifest.json']);

    const folder = await writtenArtifact();
    await mkdir(join(folder, 'notes'));
    await writeFile(join(folder, 'notes', 'mine.txt'), 'mine');
    await expect(writeArtifact(folder, CONTENT, { overwrite: true })).rejects.toThrow(
      `${folder}: "notes" is in this folder and is no part of an artifact. Move it away`,
    );
    expect(await readFile(join(folder, 'notes', 'mine.txt'), 'utf8')).toBe('mine');
  });

  it('that fails leaves what was there', async () => {
    const folder = await writtenArtifact();
    const files = new Map([...CONTENT.files, ['step.onnx/inside', new Uint8Array(1)]]);
    await expect(writeArtifact(folder, { ...CONTENT, files }, { overwrite: true })).rejects.toThrow();
    expect((await openArtifact(folder)).manifest).toEqual(CONTENT.manifest);
    expect(await readdir(join(folder, '..'))).toEqual(['artifact']);
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    await expect(writeArtifact(join(file, 'artifact'), CONTENT)).rejects.toThrow(
      `${join(file, 'artifact')}: can't be created`,
    );
    await mkdir(join(folder, '..', 'empty'));
    await writeArtifact(join(folder, '..', 'empty'), CONTENT);
  });
});
