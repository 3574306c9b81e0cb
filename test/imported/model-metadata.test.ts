import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readMetadata, readTrainedSettings } from '../../src/imported/model-metadata.js';
import { decodeModel } from '../../src/onnx/file.js';
import type { ModelProto } from '../../src/onnx/model.js';

const PATH = join(import.meta.dirname, '../fixtures/formats/1/run/winner.onnx');
const MODEL = decodeModel(await readFile(PATH), 'winner.onnx');

/** The model with its metadata changed: values are JSON, undefined is left out. */
function changed(change: (metadata: Record<string, unknown>) => void, model: ModelProto = MODEL): ModelProto {
  const { metadataProps = [] } = model;
  const metadata = Object.fromEntries(metadataProps.map(({ key, value }) => [key, JSON.parse(value)]));
  change(metadata);
  const entries = Object.entries(metadata).filter(([, value]) => value !== undefined);
  return { ...model, metadataProps: entries.map(([key, value]) => ({ key, value: JSON.stringify(value) })) };
}

// biome-ignore lint/suspicious/noExplicitAny: damage has no type
type Damage = (metadata: any) => void;

describe('the metadata of a model that Agon wrote', () => {
  it('are read, also those of older versions', () => {
    const { labels, preprocessing } = readMetadata(MODEL, PATH);
    expect(labels).toHaveLength(10);
    expect(preprocessing).toMatchObject({ height: 16, width: 16, channels: 3 });
    expect(readTrainedSettings(MODEL, PATH)?.epochs).toBe(3);
  });

  it.each<[string, Damage]>([
    ['its metadata "labels" are damaged: ', (m) => (m.labels = 3)],
    ['its metadata "labels" are damaged: ', (m) => (m.labels = [])],
    ['its metadata "labels" are damaged: 1: expected string, got 7', (m) => (m.labels[1] = 7)],
    ['its metadata "labels" are damaged: expected each name once', (m) => (m.labels[1] = m.labels[0])],
    ['its metadata are damaged: labels: expected 10, got 9', (m) => m.labels.pop()],
    ['its metadata are damaged: preprocessing.height: expected 16, got 15', (m) => (m.preprocessing.height = 15)],
    ['its metadata are damaged: preprocessing.width: expected 16, got 17', (m) => (m.preprocessing.width = 17)],
    ['its metadata "preprocessing" are damaged: height: ', (m) => (m.preprocessing.height = 1e6)],
    ['its metadata "preprocessing" are damaged: mean: ', (m) => (m.preprocessing.channels = 1)],
    [
      'its metadata "preprocessing" are damaged: std.0: expected number to be >0, got 0',
      (m) => (m.preprocessing.std = [0, 0, 0]),
    ],
    ['its metadata "preprocessing" are damaged: std.1: ', (m) => (m.preprocessing.std[1] = null)],
    ['its metadata "preprocessing" are damaged: resize: ', (m) => (m.preprocessing.resize.height = 8)],
    ['its metadata "preprocessing" are damaged: resize: ', (m) => delete m.preprocessing.resize],
    ['its metadata "agon" are damaged: holds no JSON object', (m) => (m.agon = [1])],
    ['format version of the model: expected a whole number', (m) => (m.agon.format = 'old')],
    ['this model was written by a newer Agon: format version 2, this one reads up to 1', (m) => (m.agon.format = 2)],
  ])('that are damaged: %s', (message, damage) => {
    expect(() => readMetadata(changed(damage), 'winner.onnx')).toThrow(`winner.onnx: ${message}`);
  });

  it('of damaged settings are an error where these are used', () => {
    const damaged = changed((m) => ((m.agon as { settings: Record<string, unknown> }).settings.epochs = 'three'));
    expect(readMetadata(damaged, 'winner.onnx').labels).toHaveLength(10);
    expect(() => readTrainedSettings(damaged, 'winner.onnx')).toThrow(
      'winner.onnx: its metadata "agon" are damaged: settings.epochs: ',
    );
  });
});

it('other programs may mean something else by the same names', () => {
  const foreign = changed((m) => {
    m.agon = undefined;
    m.labels = 'a,b';
    m.preprocessing = { resize: 224 };
  });
  expect(readMetadata(foreign, 'foreign.onnx')).toEqual({ labels: undefined, preprocessing: undefined });
  expect(readTrainedSettings(foreign, 'foreign.onnx')).toBeUndefined();
});
