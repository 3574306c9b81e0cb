import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openArtifact } from '../../src/artifacts/read.js';
import { openFileClassifier } from '../../src/classifier/classifier-file.js';
import { readSettingsFile } from '../../src/cli/flags/settings-file.js';
import { planRuns } from '../../src/compare/experiment/experiment.js';
import { openExperiment } from '../../src/compare/experiment/folder.js';
import { writeResults } from '../../src/compare/report.js';
import { readLineage } from '../../src/lineage/lineage-file.js';
import { encodeModel, readModelFile } from '../../src/onnx/file.js';
import { encodeSafetensors, readSafetensors } from '../../src/onnx/safetensors.js';
import { createJsonlLog } from '../../src/report/log/jsonl.js';
import { CPU } from '../../src/runtime/device.js';
import { artifactSettings } from '../../src/settings/artifact-settings.js';
import { SETTING_CHANGES, type SettingChange } from '../../src/settings/setting-changes.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { readResult } from '../../src/store/result.js';
import { readRunSettings, runPaths } from '../../src/store/run-folder.js';
import { FORMATS } from '../../src/util/formats/formats.js';
import { startEvent } from '../report/events.js';
import { temporaryFolder } from '../run/runs.js';

const FIXTURES = join(import.meta.dirname, '../fixtures/formats/1');

async function copyOf(name: string): Promise<string> {
  const folder = join(await temporaryFolder(), name);
  await mkdir(dirname(folder), { recursive: true });
  await cp(join(FIXTURES, name), folder, { recursive: true });
  return folder;
}

/** Changes a JSON file, or the first line of a file that is one. */
async function change(path: string, edit: (text: string) => string): Promise<void> {
  await writeFile(path, edit(await readFile(path, 'latin1')), 'latin1');
}

const newer = (text: string) => text.replace(/"version":\s*\d+,/, '').replace('{', '{"version":99,');

describe('a file of a newer Agon is refused by name:', () => {
  const refusal = (path: string, noun: string, newest: number) =>
    `${path}: this ${noun} was written by a newer Agon: format version 99, this one reads up to ${newest}. Update Agon`;

  it('config.json, also as settings of a new run', async () => {
    const folder = await copyOf('run');
    const { config } = runPaths(folder);
    await change(config, newer);
    await expect(readRunSettings(folder)).rejects.toThrow(refusal(config, 'configuration', 1));
    await expect(readSettingsFile(config)).rejects.toThrow(refusal(config, 'configuration', 1));
  });

  it('result.json', async () => {
    const { result } = runPaths(await copyOf('run'));
    await change(result, newer);
    await expect(readResult(result)).rejects.toThrow(refusal(result, 'result', 1));
  });

  it('lineage.bin', async () => {
    const { lineage } = runPaths(await copyOf('run'));
    await change(lineage, newer);
    await expect(readLineage(lineage)).rejects.toThrow(refusal(lineage, 'lineage', 1));
  });

  it('last.safetensors', async () => {
    const { last } = runPaths(await copyOf('run'));
    const { tensors, metadata } = readSafetensors(await readFile(last));
    await writeFile(last, encodeSafetensors(tensors, { ...metadata, version: '99' }));
    await expect(readCheckpoint(last)).rejects.toThrow(refusal(last, 'checkpoint', 3));
  });

  it('log.jsonl', async () => {
    const { log } = runPaths(await copyOf('stopped'));
    await change(log, (text) => text.replace('{"type":"start",', '{"type":"start","version":99,'));
    const opened = createJsonlLog(log, { resumed: startEvent({}, { resumedAt: { epoch: 1, step: 0 } }) });
    await expect(opened).rejects.toThrow(refusal(log, 'log', 1));
  });

  it('experiment.json, and the results and logs of its runs', async () => {
    const folder = await copyOf('comparison');
    const experiment = await openExperiment(folder);
    const id = planRuns(experiment, folder)[0]?.id ?? '';
    const { log, result } = runPaths(join(folder, 'runs', id));
    await change(log, (text) => text.replace('{"type":"start",', '{"type":"start","version":99,'));
    await expect(writeResults(folder, experiment, experiment.measure)).rejects.toThrow(refusal(log, 'log', 1));
    await change(result, newer);
    await expect(writeResults(folder, experiment, experiment.measure)).rejects.toThrow(refusal(result, 'result', 1));
    const path = join(folder, 'experiment.json');
    await change(path, newer);
    await expect(openExperiment(folder)).rejects.toThrow(refusal(path, 'experiment', 1));
  });

  it("an artifact's manifest.json", async () => {
    const folder = await copyOf('artifact');
    const path = join(folder, 'manifest.json');
    await change(path, newer);
    await expect(openArtifact(folder)).rejects.toThrow(refusal(path, 'training artifact', 1));
  });

  it('winner.onnx', async () => {
    const { winner } = runPaths(await copyOf('run'));
    const model = await readModelFile(winner);
    const metadataProps = model.metadataProps?.map(({ key, value }) => {
      return { key, value: key === 'agon' ? value.replace('{', '{"format":99,') : value };
    });
    await writeFile(winner, encodeModel({ ...model, metadataProps: metadataProps ?? [] }));
    await expect(openFileClassifier(winner, { device: CPU })).rejects.toThrow(refusal(winner, 'model', 1));
  });
});

it('the page about formats says which versions there are', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/formats.md'), 'utf8');
  const versions = [...page.matchAll(/^\| .* \| (\d+) \|$/gm)].map(([, version]) => Number(version));
  expect(versions).toEqual(Object.values(FORMATS).map(({ version }) => version));
});

describe('a setting that has another name now', () => {
  const add = (...changes: SettingChange[]) => (SETTING_CHANGES as SettingChange[]).push(...changes);
  afterEach(() => {
    (SETTING_CHANGES as SettingChange[]).length = 0;
  });

  it('is the same setting in every file that names it, and one that was removed is left out', async () => {
    const [folder, artifact, comparison] = await Promise.all(['run', 'artifact', 'comparison'].map(copyOf));
    if (!folder || !artifact || !comparison) throw new Error('no copies');
    const { config, result, last } = runPaths(folder);
    const before = {
      config: await readRunSettings(folder),
      given: await readSettingsFile(config),
      result: await readResult(result),
      checkpoint: await readCheckpoint(last),
      artifact: artifactSettings(await openArtifact(artifact)),
      experiment: await openExperiment(comparison),
    };
    const old = (text: string) => {
      return text
        .replaceAll(/(\\?")weightDecay\\?"/g, '$1decay$1')
        .replaceAll(/(\\?")labelSmoothing\\?":/g, '$1speed$1:1,$1smoothing$1:')
        .replaceAll(/(\\?")alpha\\?":/g, '$1kdWeight$1:')
        .replace(/("?)batchSize"/, '$1batch"');
    };
    for (const path of [config, result]) await change(path, old);
    await change(join(artifact, 'manifest.json'), old);
    await change(join(comparison, 'experiment.json'), old);
    const { tensors, metadata } = readSafetensors(await readFile(last));
    await writeFile(last, encodeSafetensors(tensors, { ...metadata, settings: old(metadata.settings as string) }));
    await expect(readRunSettings(folder)).rejects.toThrow(`${config}: unknown setting "`);
    add(
      { was: 'batch', now: 'batchSize' },
      { was: 'smoothing', now: 'labelSmoothing' },
      { was: 'speed' },
      { was: 'kdWeight', now: 'alpha' },
      { was: 'optimizer.decay', now: 'optimizer.weightDecay' },
    );
    expect(await readRunSettings(folder)).toEqual(before.config);
    expect(await readSettingsFile(config)).toEqual(before.given);
    expect(await readResult(result)).toEqual(before.result);
    expect(await readCheckpoint(last)).toEqual(before.checkpoint);
    expect(artifactSettings(await openArtifact(artifact))).toEqual(before.artifact);
    expect(await openExperiment(comparison)).toEqual(before.experiment);
  });
});
