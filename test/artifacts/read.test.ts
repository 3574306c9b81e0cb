import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ArtifactContent } from '../../src/artifacts/create.js';
import { readForward } from '../../src/artifacts/forward.js';
import { formatManifest, type Manifest, parseManifest } from '../../src/artifacts/manifest.js';
import { openArtifact } from '../../src/artifacts/read.js';
import { AgonError } from '../../src/util/error.js';
import { type Random, stream } from '../../src/util/random.js';
import { SMALL, smallArtifact, temporaryFolder, writtenArtifact } from './samples.js';

const { manifest, files } = smallArtifact();
const RESNET = manifest.networks[0] as Manifest['networks'][number];
const FORWARD = files.get(RESNET.forward) as Uint8Array;

async function withManifest(text: string): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'manifest.json'), text);
  return folder;
}

/** The text of a manifest with some of its fields replaced. */
function changed(change: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...manifest, ...change });
}

describe('a folder that is no artifact', () => {
  it.each([
    ['{', 'manifest.json: not valid JSON: '],
    ['7', 'manifest.json: holds no JSON object: got 7'],
    [
      '{"name":"agon"}',
      'manifest.json: not the manifest of a training artifact of Agon: expected "format": "agon-artifact"',
    ],
    [
      changed({ version: 9 }),
      'manifest.json: this training artifact was written by a newer Agon: format version 9, this one reads up to 1',
    ],
    [changed({ networks: [] }), 'manifest.json: is damaged: networks: '],
    [
      changed({ networks: [{ ...RESNET, forward: '../../secret' }] }),
      'manifest.json: is damaged: networks.0.forward: ',
    ],
    [changed({ networks: [{ ...RESNET, forward: '/etc/passwd' }] }), 'manifest.json: is damaged: networks.0.forward: '],
  ])('%.40s... is refused', async (text, message) => {
    const folder = await withManifest(text);
    await expect(openArtifact(folder)).rejects.toThrow(join(folder, message));
  });

  it('is told apart from one of ONNX Runtime', async () => {
    const folder = await temporaryFolder();
    await expect(openArtifact(folder)).rejects.toThrow(`${folder}: there is no training artifact in this folder`);
    await expect(openArtifact(join(folder, 'none'))).rejects.toThrow('Make one with "agon artifacts export"');
    await writeFile(join(folder, 'training_model.onnx'), '');
    await expect(openArtifact(folder)).rejects.toThrow('convert them with "agon artifacts import"');
  });
});

describe("an artifact's file", () => {
  it('that is missing, cut short, changed or not in the manifest is an error that names it', async () => {
    const folder = await writtenArtifact();
    const path = join(folder, RESNET.forward);
    const { read } = await openArtifact(folder);
    expect(Buffer.from(await read(RESNET.forward)).equals(FORWARD)).toBe(true);
    await writeFile(path, FORWARD.subarray(0, 100));
    await expect(read(RESNET.forward)).rejects.toThrow(
      `${path}: is cut short: expected ${FORWARD.length} bytes, got 100.`,
    );
    await writeFile(path, Buffer.concat([FORWARD, FORWARD]));
    await expect(read(RESNET.forward)).rejects.toThrow(`${path}: is not the file that the manifest describes`);
    await writeFile(path, FORWARD.toReversed());
    await expect(read(RESNET.forward)).rejects.toThrow(
      /is not the file that the manifest describes: expected SHA-256 \w{64}/,
    );
    await rm(path);
    await expect(read(RESNET.forward)).rejects.toThrow(`${path}: is missing from the artifact. Restore it`);
    await expect(read('notes.txt')).rejects.toThrow('manifest.json: has no entry for the file "notes.txt"');
  });
});

describe('a forward graph', () => {
  const settle = (entry: typeof RESNET, input = SMALL, bytes = FORWARD) => readForward(bytes, 'net.onnx', entry, input);
  const images = RESNET.inputs[0] as (typeof RESNET.inputs)[number];

  it('of fixed sizes takes no other data', () => {
    const fixed = { ...RESNET, inputs: [{ ...images, shape: ['N', 1, 8, 8] }] };
    expect(settle(fixed).inputs[0]?.shape).toEqual(['N', 1, 8, 8]);
    expect(() => settle(fixed, { ...SMALL, width: 9 })).toThrow(
      "net.onnx: the network's images are not those of the data: expected [N, 1, 8, 9], got [N, 1, 8, 8]. Resize",
    );
    const logits = { name: 'logits', dtype: 'float32' as const, shape: ['N', 10] };
    expect(() => settle({ ...RESNET, outputs: [logits] })).toThrow('logits are not those of the data: expected [N, 4]');
  });

  it('that is not the one of the manifest is an error that names what differs', () => {
    const [first, ...others] = RESNET.parameters as [(typeof RESNET.parameters)[number], ...typeof RESNET.parameters];
    expect(() => settle({ ...RESNET, parameters: others })).toThrow('its input "conv1.weight" is not in the manifest');
    const more = [...RESNET.parameters, { ...first, name: 'w' }];
    expect(() => settle({ ...RESNET, parameters: more })).toThrow('net.onnx: its input "w" is missing');
    const wrong = [{ ...first, shape: [4, 5, 3, 3] }, ...others];
    expect(() => settle({ ...RESNET, parameters: wrong })).toThrow(/^net\.onnx: can't be used: .*conv1/);
    const wider = [{ ...first, shape: [5, ...first.shape.slice(1)] }, ...others];
    expect(() => settle({ ...RESNET, parameters: wider })).toThrow(
      'net.onnx: its input "conv1.weight" is not as the manifest says: expected [5, 1, 3, 3], got [4, 1, 3, 3]',
    );
    expect(() => settle(RESNET, SMALL, new Uint8Array(9))).toThrow('net.onnx: ');
  });
});

/** Damage done to a copy of some bytes. */
const DAMAGES: Readonly<Record<string, (bytes: Uint8Array, random: Random) => Uint8Array>> = {
  truncation: (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  'flipped bits': (bytes, random) => {
    for (let i = random.below(4); i >= 0; i--) {
      const at = random.below(bytes.length);
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
    }
    return bytes;
  },
  'a piece left out': (bytes, random) => {
    const begin = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, begin), bytes.subarray(begin + 1 + random.below(30))]);
  },
};

describe.each(Object.entries(DAMAGES))('%s', (kind, damage) => {
  const TEXT = new TextEncoder().encode(formatManifest({ ...manifest, networks: [RESNET] }));
  const readers: Readonly<Record<string, [Uint8Array, (bytes: Uint8Array) => unknown]>> = {
    manifest: [TEXT, (bytes) => parseManifest(new TextDecoder().decode(bytes), 'damaged')],
    'forward graph': [FORWARD, (bytes) => readForward(bytes, 'damaged', RESNET, SMALL)],
  };

  it.each(Object.entries(readers))('of a %s is read or refused with its name', (what, [bytes, read]) => {
    let refused = 0;
    for (let i = 0; i < 100; i++) {
      try {
        read(damage(bytes.slice(), stream(8, kind, what, i)));
      } catch (error) {
        expect(error, `${kind} of a ${what}, case ${i}`).toBeInstanceOf(AgonError);
        expect((error as AgonError).message).toContain('damaged');
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(10);
  });
});

it('an artifact of mismatched parts is found out by their hashes', async () => {
  const mixed: ArtifactContent = { manifest, files: new Map([...files, ['step.onnx', FORWARD]]) };
  const folder = await writtenArtifact(mixed);
  await expect((await openArtifact(folder)).read('step.onnx')).rejects.toThrow('step.onnx: is cut short');
});
