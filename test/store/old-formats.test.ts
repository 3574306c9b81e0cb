import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openArtifact } from '../../src/artifacts/read.js';
import { openExperiment } from '../../src/compare/experiment/folder.js';
import { writeResults } from '../../src/compare/report.js';
import { evaluateRun } from '../../src/evaluate/evaluate-run.js';
import { predictImages } from '../../src/evaluate/predict.js';
import { exportRun } from '../../src/export/export-run.js';
import { openTrainedGroup } from '../../src/export/trained-group.js';
import { settleNetworks } from '../../src/group/network-source.js';
import { readLineage } from '../../src/lineage/lineage-file.js';
import { readSafetensors } from '../../src/onnx/safetensors.js';
import { createJsonlLog } from '../../src/report/log/jsonl.js';
import { parseSettings } from '../../src/settings/settings.js';
import { readCheckpoint, tensorsWithoutTrial, writeCheckpoint } from '../../src/store/checkpoint.js';
import { readResult } from '../../src/store/result.js';
import { readRunSettings, runPaths } from '../../src/store/run-folder.js';
import { present } from '../../src/util/error.js';
import { startEvent } from '../report/events.js';
import { eventsOf, newRunFolder, runHere, temporaryFolder } from '../run/runs.js';
import { withoutLater } from './later-settings.js';

const FIXTURES = join(import.meta.dirname, '../fixtures/formats');
/** Every version of the formats that Agon has written. */
const VERSIONS = (await readdir(FIXTURES)).filter((name) => /^\d+$/.test(name));

/** An image of slow changes in all three channels. */
async function paintedImage(): Promise<string> {
  const path = join(await temporaryFolder(), 'image.png');
  const pixels = Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => (i % 3) * 60 + Math.floor(i / 45));
  await sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } }).toFile(path);
  return path;
}

async function probabilities(model: string, image: string): Promise<Map<string, number>> {
  const [result] = await predictImages(model, [image], { top: 10 });
  if (!result || !('predictions' in result)) throw new Error(`not classified: ${JSON.stringify(result)}`);
  return new Map(result.predictions.map(({ label, probability }) => [label, probability]));
}

describe.each(VERSIONS)('files of format version %s', (version) => {
  const fixture = (name: string) => join(FIXTURES, version, name);
  const copyOf = async (name: string) => {
    const folder = join(await temporaryFolder(), name);
    await cp(fixture(name), folder, { recursive: true });
    return folder;
  };

  it.each(['run', 'on-artifact'])('are a finished run (%s) with result, settings and lineage', async (name) => {
    const folder = fixture(name);
    const paths = runPaths(folder);
    const settings = await readRunSettings(folder);
    const result = present(await readResult(paths.result), 'the result');
    expect(result.settings).toEqual(settings);
    const last = await readCheckpoint(paths.last);
    expect(last.position).toEqual({ epoch: settings.epochs, step: 0 });
    expect(last.settings).toEqual(settings);
    const { networks, steps, stepsPerEpoch } = await readLineage(paths.lineage);
    expect(networks).toEqual(result.networks.map((network) => network.name));
    expect(steps).toHaveLength(settings.epochs * stepsPerEpoch);
    expect(steps.every((step) => step !== undefined)).toBe(true);
  });

  it.each(['run', 'on-artifact'])('give the results that were recorded (%s)', async (name) => {
    const result = present(await readResult(runPaths(fixture(name)).result), 'the result');
    for (const checkpoint of ['best', 'last'] as const) {
      const { split, results, ensemble } = await evaluateRun(fixture(name), { checkpoint });
      const recorded = present(result[checkpoint].test, 'the test split');
      expect(split).toBe('test');
      for (const [i, each] of [...results.map(({ evaluation }) => evaluation), ensemble].entries()) {
        const before = recorded.networks[i] ?? recorded.ensemble;
        expect(each.loss).toBeCloseTo(before.loss, 5);
        expect(each.accuracy).toBeCloseTo(before.accuracy, 2);
      }
    }
  });

  it.each(['run', 'on-artifact'])(
    'give models again (%s), which classify as the ones they are kept with',
    async (name) => {
      const folder = await copyOf(name);
      const { winner } = runPaths(folder);
      const image = await paintedImage();
      const before = await probabilities(winner, image);
      await rm(winner);
      expect((await exportRun(folder, { checkpoint: 'best' })).path).toBe(winner);
      const after = await probabilities(winner, image);
      for (const [label, probability] of before) expect(after.get(label), label).toBeCloseTo(probability, 5);
      await exportRun(folder, { checkpoint: 'last', ensemble: true });
    },
  );

  it('are a stopped run that goes on, with its log', async () => {
    const folder = await copyOf('stopped');
    const { last, log } = runPaths(folder);
    const before = await readCheckpoint(last);
    expect(before.trial).not.toBeNull();
    expect(tensorsWithoutTrial(before).get('net1.fc.bias')).toEqual(before.tensors.get('trial.net1.fc.bias'));
    const ran = await runHere(await readRunSettings(folder), { folder, resume: true, stopAfter: 7 });
    const steps = eventsOf(ran.events, 'step');
    expect(steps[0]).toMatchObject(before.position);
    expect(eventsOf(ran.events, 'warning')).toEqual([]);
    const stepsPerEpoch = 4;
    const { position } = await readCheckpoint(last);
    const count = position.epoch * stepsPerEpoch + position.step;
    expect(count).toBe(before.position.epoch * stepsPerEpoch + before.position.step + steps.length);
    expect((await readLineage(runPaths(folder).lineage)).steps).toHaveLength(count);
    const trimmed = await createJsonlLog(log, { resumed: startEvent({}, { resumedAt: before.position }) });
    await trimmed.close();
    const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
    const kept = JSON.parse(present(lines.at(-1), 'a line'));
    expect(kept).toMatchObject({ type: 'step', epoch: before.position.epoch, step: before.position.step - 1 });
  });

  it('are an artifact with weights, to train on and to export again', async () => {
    const folder = fixture('artifact');
    const { manifest, read } = await openArtifact(folder);
    for (const file of Object.keys(manifest.files)) await read(file);
    const weights = present(manifest.weights, 'the weights');
    const settings = await settleNetworks(
      parseSettings({ artifacts: folder, size: 16, limit: 64, batchSize: 16, epochs: 1, tune: false }),
    );
    const started = await newRunFolder();
    const ran = await runHere(settings, { folder: started, stopAfter: 1 });
    expect(ran.outcome).toBe('stopped');
    const group = await openTrainedGroup(folder);
    expect(group.updates).toBe(weights.updates);
    const { tensors } = readSafetensors(await read(weights.file));
    const best = await readCheckpoint(runPaths(fixture('run')).best);
    expect(tensors.get('net0.fc.weight')).toEqual(best.tensors.get('net0.fc.weight'));
  });

  it('give the artifact of a run, whose updates its lineage tells where its checkpoint does not', async () => {
    const group = await openTrainedGroup(fixture('run'));
    const { manifest } = await openArtifact(fixture('artifact'));
    expect(group.updates).toBe(manifest.weights?.updates);
    expect(group.best).toBe((await readResult(runPaths(fixture('run')).result))?.winner);
  });

  it('tell the updates of a run without its lineage, once its checkpoint was written again', async () => {
    const folder = await copyOf('run');
    const { best, lineage } = runPaths(folder);
    const { updates } = await openTrainedGroup(folder);
    const { stepsPerEpoch } = await readLineage(lineage);
    await writeCheckpoint(best, { ...(await readCheckpoint(best)), stepsPerEpoch });
    await rm(lineage);
    expect((await openTrainedGroup(folder)).updates).toBe(updates);
  });

  it('are a comparison, whose results come out again', async () => {
    const folder = await copyOf('comparison');
    const before = JSON.parse(await readFile(join(folder, 'results.json'), 'utf8'));
    const experiment = await openExperiment(folder);
    const { finished, missing } = await writeResults(folder, experiment, experiment.measure);
    expect([finished, missing]).toEqual([4, []]);
    const { version: _, ...after } = JSON.parse(await readFile(join(folder, 'results.json'), 'utf8'), withoutLater);
    expect(after).toEqual(before);
  });
});

describe('a checkpoint of version 1', () => {
  const fixture = (name: string) => join(FIXTURES, 'checkpoint-1', name);

  it('gives networks to evaluate and export', async () => {
    const { results, winner } = await evaluateRun(fixture('run'), { checkpoint: 'best' });
    expect(winner).toBe(0);
    // As its log says
    for (const [i, accuracy] of [0.09, 0.108].entries()) {
      expect(results[i]?.evaluation.accuracy).toBeCloseTo(accuracy, 2);
    }
    const out = join(await temporaryFolder(), 'winner.onnx');
    expect((await exportRun(fixture('run'), { checkpoint: 'best', out })).parity).toBeLessThan(1e-5);
  });

  it('goes on', async () => {
    const folder = join(await temporaryFolder(), 'stopped');
    await cp(fixture('stopped'), folder, { recursive: true });
    const { last } = runPaths(folder);
    const before = await readCheckpoint(last);
    expect(before.position).toEqual({ epoch: 2, step: 2 });
    expect(before.partial.lineage).toMatchObject({ steps: 2, won: [1, 1] });
    const ran = await runHere(await readRunSettings(folder), { folder, resume: true, stopAfter: 3 });
    expect(eventsOf(ran.events, 'epoch')).toMatchObject([{ epoch: 2 }]);
    expect((await readCheckpoint(last)).position).toEqual({ epoch: 3, step: 1 });
    expect((await readFile(last)).includes('"version":"3"')).toBe(true);
  });
});
