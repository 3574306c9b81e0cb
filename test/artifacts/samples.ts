import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type ArtifactContent, type ArtifactOptions, createArtifact } from '../../src/artifacts/create.js';
import { writeArtifact } from '../../src/artifacts/write.js';
import { zooNetworks } from '../../src/artifacts/zoo.js';
import type { NetworkInput } from '../../src/nets/registry.js';
import { parseSettings } from '../../src/settings/settings.js';
import { MOBILENET, RESNET } from '../run/runs.js';

export const SMALL: NetworkInput = { classes: 4, channels: 1, height: 8, width: 8 };

/** An artifact of a residual network and one with Dropout, for batches of 4. */
export function smallArtifact(overrides: Partial<ArtifactOptions> = {}): ArtifactContent {
  return createArtifact({
    networks: zooNetworks([RESNET, MOBILENET]),
    input: SMALL,
    step: { settings: parseSettings({}), batch: 4 },
    made: 'by a test',
    licence: 'Apache-2.0',
    ...overrides,
  });
}

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-artifact-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes an artifact into a new folder, that is removed after the test. */
export async function writtenArtifact(content: ArtifactContent = smallArtifact()): Promise<string> {
  const folder = join(await temporaryFolder(), 'artifact');
  await writeArtifact(folder, content);
  return folder;
}
