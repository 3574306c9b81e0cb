import { z } from 'zod';
import { fail } from '../util/error.js';
import { jsonIn, parseObject } from '../util/files/read-json.js';
import { failDamaged } from '../util/formats/damage.js';
import { migrate } from '../util/formats/format-version.js';
import { FORMATS } from '../util/formats/formats.js';
import { checkManifest } from './manifest-check.js';

const FORMAT = 'agon-artifact';

/** The manifest's name in an artifact's folder. */
export const MANIFEST_FILE = 'manifest.json';

const count = z.int().min(0);
/** A number, or the symbol of a size that is settled on load. */
const dim = z.union([z.int().min(0), z.string().min(1)]);
/** Relative to the folder, and inside it. */
const file = z
  .string()
  .regex(/^(?!\.{1,2}(\/|$))[\w.-]+(\/(?!\.{1,2}(\/|$))[\w.-]+)*$/, 'expected a path inside the folder');

const initialiser = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('constant'), value: z.number() }),
  z.object({ kind: z.literal('normal'), std: z.number().min(0) }),
  z.object({ kind: z.literal('uniform'), bound: z.number().min(0) }),
  z.object({ kind: z.literal('kaiming-normal'), mode: z.enum(['fan-in', 'fan-out']) }),
]);

const tensorEntry = z.object({
  name: z.string().min(1),
  dtype: z.enum(['float32', 'int64']),
  shape: z.array(dim),
});

const parameterEntry = z.object({
  name: z.string().min(1),
  shape: z.array(dim),
  /** `buffer`: running statistics, which no gradient changes; `frozen`: a weight, or running statistics, that stay as they are. */
  role: z.enum(['weight', 'buffer', 'frozen']),
  initialiser,
});

const networkEntry = z.object({
  /** What reports call it. */
  name: z.string().min(1),
  /** Its specification in Agon's own zoo, null for a network from elsewhere. */
  spec: z.record(z.string(), z.unknown()).nullable(),
  forward: file,
  /** `images` [N, channels, height, width]. */
  inputs: z.array(tensorEntry).length(1),
  outputs: z.array(tensorEntry),
  /** The node whose output is the last feature map before pooling, which distillation compares. */
  featureTap: z.string(),
  /** In the order in which they are inputs of the forward graph, after `images`. */
  parameters: z.array(parameterEntry),
});

const stateEntry = z.object({
  name: z.string().min(1),
  /** The output that replaces it in the next step. */
  next: z.string().min(1),
  shape: z.array(z.int().min(1)),
  /** `average`: the moving average of the tensor whose name it has but for the end, and begins as. */
  role: z.enum(['weight', 'buffer', 'frozen', 'optimizer', 'average']),
  initialiser,
});

const stepEntry = z.object({
  file,
  sizes: z.object({ classes: count, channels: count, height: count, width: count, batch: count }),
  /** What is built into the graph: rule, weights of the losses, optimizer. */
  settings: z.looseObject({ rule: z.string(), optimizer: z.looseObject({ name: z.string() }) }),
  /** What is fed in every step beside the state; `uniform` ones with random numbers in [0, 1). */
  inputs: z.array(tensorEntry.extend({ feed: z.enum(['images', 'labels', 'scalar', 'uniform', 'teacher']) })),
  /** What a step carries over to the next: an input and an output each. */
  state: z.array(stateEntry),
  /** The other outputs. */
  outputs: z.array(tensorEntry),
});

const evaluationEntry = z.object({ file, inputs: z.array(tensorEntry), outputs: z.array(tensorEntry) });

const weightsEntry = z.object({
  /** A safetensors file: parameters `net<i>.<name>`, optimizer state `net<i>.<name>.<state>`. */
  file,
  /** Updates that the optimizer state has seen. */
  updates: count,
});

const preprocessing = z.object({ mean: z.array(z.number()), std: z.array(z.number().positive()) });

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  /** The program that wrote it. */
  producer: z.string(),
  /** How it was made. */
  made: z.string(),
  /** SPDX identifier; null where it isn't known. */
  licence: z.string().nullable(),
  networks: z.array(networkEntry).min(1),
  step: stepEntry.nullable(),
  evaluation: evaluationEntry.nullable(),
  weights: weightsEntry.nullable(),
  /** How the images are normalised that the networks were trained on: per channel, of samples in [0, 1]; absent where it isn't known. */
  preprocessing: preprocessing.optional(),
  /** Every other file of the folder, with its size and its SHA-256. */
  files: z.record(file, z.object({ bytes: count, sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
});

/** What an artifact's folder holds (docs/artifacts.md). */
export interface Manifest extends z.infer<typeof manifestSchema> {
  /** Of the format. */
  readonly version: number;
}
/** What a manifest says of one network. */
export interface NetworkEntry extends z.infer<typeof networkEntry> {}
export type ParameterEntry = z.infer<typeof parameterEntry>;
export type TensorEntry = z.infer<typeof tensorEntry>;
export type StepEntry = z.infer<typeof stepEntry>;
export type EvaluationEntry = z.infer<typeof evaluationEntry>;

/** A manifest's head: what every one begins with. */
export const MANIFEST_HEAD = { format: FORMAT, version: FORMATS.manifest.version } as const;

/**
 * Reads a manifest of any version, which comes out as one of the newest. Another format, a newer version, and what doesn't fit the
 * schema or itself are errors that name the file.
 */
export function parseManifest(text: string, where: string): Manifest {
  const value = parseObject(text, where);
  if (value.format !== FORMAT) {
    fail(where, 'not the manifest of a training artifact of Agon', {
      expected: `"format": "${FORMAT}"`,
      got: JSON.stringify(value.format) ?? 'none',
      hint: 'Make one with "agon artifacts export"',
    });
  }
  const content = migrate(FORMATS.manifest, value, where);
  const parsed = manifestSchema.safeParse(content);
  if (!parsed.success) return failDamaged(where, 'is damaged', parsed.error, content, 'Export the artifact again');
  const manifest = { ...MANIFEST_HEAD, ...parsed.data };
  checkManifest(manifest, where);
  return manifest;
}

/** A normalisation that a model's metadata give as JSON; undefined where they say something else. */
export function parsePreprocessing(text: string, channels: number): Manifest['preprocessing'] {
  const { data } = preprocessing.safeParse(jsonIn(text));
  return data?.mean.length === channels && data.std.length === channels ? data : undefined;
}

/** A manifest as text: an entry a line. */
export function formatManifest(manifest: Manifest): string {
  return `${format(manifest, '')}\n`;
}

const LINE = 140;

function format(value: unknown, indent: string): string {
  const flat = JSON.stringify(value, undefined, 1).replace(/\n\s*/g, ' ');
  if (typeof value !== 'object' || value === null || flat.length + indent.length <= LINE) return flat;
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const items = isList
    ? value.map((item) => format(item, inner))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${format(item, inner)}`);
  const [open, close] = isList ? '[]' : '{}';
  return `${open}\n${inner}${items.join(`,\n${inner}`)}\n${indent}${close}`;
}
