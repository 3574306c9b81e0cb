import { z } from 'zod';
import type { Preprocessing } from '../data/image/preprocess.js';
import { preprocessingSchema } from '../data/image/preprocessing-schema.js';
import type { ModelProto, ValueInfoProto } from '../onnx/model.js';
import { recordedSettings, type Settings } from '../settings/settings.js';
import { fail } from '../util/error.js';
import { jsonIn, parseObject } from '../util/files/read-json.js';
import { failDamaged } from '../util/formats/damage.js';
import { type Content, checkVersion } from '../util/formats/format-version.js';
import { FORMATS } from '../util/formats/formats.js';
import { TASKS, type Task } from '../util/task.js';

/** What a model says of its classes and its inputs (see `ModelMetadata`), each undefined where it says nothing. */
export interface ReadMetadata {
  readonly labels: readonly string[] | undefined;
  readonly preprocessing: Preprocessing | undefined;
  readonly task: Task | undefined;
  readonly threshold: number | undefined;
  /** What its logits are divided by before they become probabilities. */
  readonly temperature: number | undefined;
}

const labelsSchema = z
  .array(z.string())
  .min(1)
  .refine((labels) => new Set(labels).size === labels.length, 'expected each name once');

/**
 * The metadata of a model that a program wrote. Where that was Agon, they must be as it wrote them: what is damaged, and what a newer
 * Agon wrote, are errors at `where`. Other programs may mean something else by these names, which counts as nothing.
 */
export function readMetadata(model: ModelProto, where: string): ReadMetadata {
  const texts = textsOf(model);
  const labels = parsed(labelsSchema, texts, 'labels');
  const preprocessing = parsed(preprocessingSchema, texts, 'preprocessing');
  const threshold = parsed(z.number().min(0).max(1), texts, 'threshold');
  const temperature = parsed(z.number().positive(), texts, 'temperature');
  const origin = originOf(texts, where);
  const task = taskOf(origin, texts);
  const metadata = {
    labels: labels.data,
    preprocessing: preprocessing.data,
    task: task.data,
    threshold: threshold.data,
    temperature: temperature.data,
  };
  if (!origin) return metadata;
  checkVersion(FORMATS.model, origin.format, where);
  for (const [key, { error, content }] of Object.entries({ labels, preprocessing, threshold, temperature })) {
    if (error && texts.has(key)) failDamaged(where, `its metadata "${key}" are damaged`, error, content, RESTORE);
  }
  if (task.error && origin.task !== undefined) {
    failDamaged(where, 'its metadata "agon" are damaged', task.error, task.content, RESTORE);
  }
  checkAgainstGraph(model, metadata, where);
  return metadata;
}

/** Within `agon`; first in a key of its own, by which other programs mean `classify` and the like. */
function taskOf(origin: Content | undefined, texts: ReadonlyMap<string, string>) {
  const content = origin?.task ?? jsonOrText(texts.get('task'));
  const { data, error } = z.enum(TASKS).safeParse(content);
  return { data, error, content };
}

const RESTORE = 'Export the model again (agon export RUN)';

/** The settings of the run that a model is from; undefined where Agon didn't write it. Damage is an error at `where`. */
export function readTrainedSettings(model: ModelProto, where: string): Settings | undefined {
  const origin = originOf(textsOf(model), where);
  if (origin?.settings === undefined) return undefined;
  const { data, error } = z.object({ settings: recordedSettings }).safeParse(origin);
  return data?.settings ?? failDamaged(where, 'its metadata "agon" are damaged', error as z.ZodError, origin, RESTORE);
}

function textsOf({ metadataProps = [] }: ModelProto): Map<string, string> {
  return new Map(metadataProps.map(({ key, value }) => [key, value]));
}

/** Where a model of Agon's comes from. */
function originOf(texts: ReadonlyMap<string, string>, where: string): Content | undefined {
  const text = texts.get('agon');
  return text === undefined ? undefined : parseObject(text, `${where}: its metadata "agon" are damaged`);
}

function parsed<T>(schema: z.ZodType<T>, texts: ReadonlyMap<string, string>, key: string) {
  const content = jsonOrText(texts.get(key));
  const { data, error } = schema.safeParse(content);
  return { data, error, content };
}

function jsonOrText(text = 'null'): unknown {
  const value = jsonIn(text);
  return value === undefined ? text : value;
}

/** Fails where the metadata are of another network than the one in the file. */
function checkAgainstGraph({ graph }: ModelProto, { labels, preprocessing }: ReadMetadata, where: string): void {
  const classes = sizesOf(graph.output.find(({ name }) => name === 'logits'))[1];
  const [, ...image] = sizesOf(graph.input.find(({ name }) => name === 'images'));
  const expect = (key: string, expected: number | undefined, got: number) => {
    if (expected === undefined || expected === got) return;
    fail(where, `its metadata are damaged: ${key}`, { expected: String(expected), got: String(got), hint: RESTORE });
  };
  if (labels) expect('labels', classes, labels.length);
  if (!preprocessing) return;
  for (const [axis, key] of (['channels', 'height', 'width'] as const).entries()) {
    expect(`preprocessing.${key}`, image[axis], preprocessing[key]);
  }
}

/** The sizes of a value's axes, undefined where one is open. */
function sizesOf(value: ValueInfoProto | undefined): (number | undefined)[] {
  return (value?.type?.tensorType?.shape?.dim ?? []).map(({ dimValue }) => dimValue);
}
