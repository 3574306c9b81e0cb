import type { z } from 'zod';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { fail } from '../util/error.js';
import { suggestion } from '../util/suggest.js';

/** What a network computes: logits [N, classes], and the last feature map before global pooling. */
export interface NetworkOutputs {
  readonly logits: Value;
  readonly features: Value;
}

/** Images that a network is usually trained on: what `agon nets` counts with. */
export interface UsualInput {
  readonly size: number;
  readonly classes: number;
}

/** CIFAR-100, where the small networks' published counts come from. */
export const CIFAR: UsualInput = { size: 32, classes: 100 };
/** ImageNet-1k, where torchvision's published counts come from. */
export const IMAGENET: UsualInput = { size: 224, classes: 1000 };

/** What a family says about one of its networks. */
export interface FamilyDefinition<Schema extends z.ZodObject> {
  /** What a spec of this family holds; its `family` is the family's name. */
  readonly schema: Schema;
  /** Named members: an entry of a few lines each. */
  readonly variants: Readonly<Record<string, z.input<Schema>>>;
  /** Strides larger than 1 on the way from image to features, in order. */
  strides(spec: z.output<Schema>): readonly number[];
  usualInput(spec: z.output<Schema>): UsualInput;
  build(graph: Graph, images: Value, spec: z.output<Schema>, classes: number): NetworkOutputs;
}

/** A spec with its defaults filled in, and how to build it. */
export interface NetworkPlan<Spec> {
  readonly spec: Spec;
  readonly strides: readonly number[];
  readonly usualInput: UsualInput;
  build(graph: Graph, images: Value, classes: number): NetworkOutputs;
}

export interface NetworkFamily<Spec> {
  readonly name: string;
  readonly variants: Readonly<Record<string, Spec>>;
  /** Checks a spec; an error that names the key otherwise. */
  plan(spec: unknown): NetworkPlan<Spec>;
}

/** A family whose specs are checked before anything is built from them. */
export function defineFamily<Schema extends z.ZodObject>(
  name: string,
  definition: FamilyDefinition<Schema>,
): NetworkFamily<z.input<Schema>> {
  const plan = (value: unknown): NetworkPlan<z.input<Schema>> => {
    const spec = checkSpec(name, definition.schema, value);
    return {
      spec: spec as z.input<Schema>,
      strides: definition.strides(spec),
      usualInput: definition.usualInput(spec),
      build: (graph, images, classes) => definition.build(graph, images, spec, classes),
    };
  };
  return { name, variants: definition.variants, plan };
}

/** The smallest image side for which every stride still sees two pixels: 17 for five strides of 2. */
export function smallestSize(strides: readonly number[]): number {
  return strides.reduceRight((needed, stride) => Math.max(2, (needed - 1) * stride + 1), 1);
}

function checkSpec<Schema extends z.ZodObject>(family: string, schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const where = `network spec of family ${family}`;
  const issue = result.error.issues[0];
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    fail(where, `unknown key "${key}"`, { hint: suggestion(key, Object.keys(schema.shape)) });
  }
  const key = issue?.path.join('.');
  return fail(where, `${key ? `${key}: ` : ''}${issue?.message ?? 'is invalid'}`);
}
