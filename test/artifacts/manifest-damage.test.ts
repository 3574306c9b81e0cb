import { execFileSync } from 'node:child_process';
import { rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatManifest, parseManifest } from '../../src/artifacts/manifest.js';
import { openArtifact } from '../../src/artifacts/read.js';
import { smallArtifact, writtenArtifact } from './samples.js';

const { manifest } = smallArtifact();

// biome-ignore lint/suspicious/noExplicitAny: damage has no type
type Damage = (manifest: any) => void;

describe('a manifest', () => {
  it('comes back as it was written', () => {
    expect(parseManifest(formatManifest(manifest), 'manifest.json')).toEqual(manifest);
  });

  it.each<[string, Damage]>([
    ['this training artifact was written by a newer Agon: format version 2', (m) => (m.version = 2)],
    ['is damaged: files: expected an entry for every file that it names', (m) => delete m.files['step.onnx']],
    ['is damaged: files: ', (m) => (m.networks[0].forward = 'constructor')],
    ['is damaged: files: ', (m) => (m.weights = { file: 'weights.safetensors', updates: 1 })],
    ['is damaged: weights.updates: ', (m) => (m.weights = { file: 'step.onnx', updates: -1 })],
    ['is damaged: networks.0.inputs: expected "images"', (m) => (m.networks[0].inputs[0].name = 'pictures')],
    ['is damaged: networks.0.inputs: ', (m) => m.networks[0].inputs[0].shape.pop()],
    ['is damaged: networks.1.outputs: expected "logits"', (m) => m.networks[1].outputs.shift()],
    ['is damaged: networks.1.outputs: expected "features"', (m) => m.networks[1].outputs.pop()],
    [
      'is damaged: networks.0.parameters: expected each name once',
      (m) => m.networks[0].parameters.push(m.networks[0].parameters[0]),
    ],
    ['is damaged: networks.0.parameters: conv1.weight', (m) => (m.networks[0].parameters[0].shape = [1e6, 1e6, 3, 3])],
    ['is damaged: networks.0.parameters.0.role: ', (m) => (m.networks[0].parameters[0].role = 'king')],
    ['is damaged: step.sizes.batch: expected 1 or more', (m) => (m.step.sizes.batch = 0)],
    ['is damaged: step.sizes.classes: ', (m) => (m.step.sizes.classes = 2.5)],
    [
      'is damaged: step.inputs and step.state: expected each name once',
      (m) => m.step.state.push({ ...m.step.state[0], next: 'x' }),
    ],
    [
      'is damaged: step.outputs and step.state: expected each name once',
      (m) => (m.step.state[1].next = m.step.state[0].next),
    ],
    ['is damaged: step.state: ', (m) => (m.step.state[0].shape = [2 ** 20, 2 ** 20])],
    ['is damaged: preprocessing.mean: ', (m) => (m.preprocessing = { mean: [], std: [1] })],
    ['is damaged: preprocessing.std.0: ', (m) => (m.preprocessing = { mean: [0], std: [0] })],
  ])('that is damaged: %s', (message, damage) => {
    const copy = structuredClone(manifest);
    damage(copy);
    expect(() => parseManifest(JSON.stringify(copy), 'manifest.json')).toThrow(`manifest.json: ${message}`);
  });

  it('may hold nothing that is nested so deeply that it could not be written again', () => {
    const deep = `${'['.repeat(1e5)}${']'.repeat(1e5)}`;
    const text = JSON.stringify({ ...manifest, networks: [{ ...manifest.networks[0], spec: { deep: '@' } }] });
    expect(() => parseManifest(text.replace('"@"', deep), 'manifest.json')).toThrow(
      'manifest.json: has too many levels: expected 64 at most',
    );
  });
});

describe.each(['manifest.json', 'step.onnx'])('an artifact whose %s', (file) => {
  const use = async (folder: string) => (await openArtifact(folder)).read('step.onnx');

  it('is a pipe is refused', async () => {
    const folder = await writtenArtifact();
    await rm(join(folder, file));
    execFileSync('mkfifo', [join(folder, file)]);
    await expect(use(folder)).rejects.toThrow(`${join(folder, file)}: can't be read: it isn't a regular file`);
  });

  it('is a link is refused where that leads out of the folder, to nothing, or to itself', async () => {
    const [folder, other] = [await writtenArtifact(), await writtenArtifact()];
    const path = join(folder, file);
    await rename(path, join(folder, 'kept'));
    await symlink('kept', path);
    expect(await use(folder)).toBeInstanceOf(Uint8Array);
    for (const [target, message] of [
      [join(other, file), 'is a link that leads out of the artifact: expected a file in its folder, got '],
      ['/dev/zero', ''],
      [file, ''],
      ['none', ''],
    ] as const) {
      await rm(path);
      await symlink(target, path);
      await expect(use(folder)).rejects.toThrow(message === '' ? folder : `${path}: ${message}`);
    }
  });
});
