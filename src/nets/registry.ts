import { Graph } from '../graph/graph.js';
import { fail } from '../util/error.js';
import { suggestion } from '../util/suggest.js';
import { type NetworkFamily, type NetworkPlan, smallestSize } from './family.js';
import { type MobileNetV2Spec, mobileNetV2 } from './mobilenet-v2.js';
import { type MobileNetV3Spec, mobileNetV3 } from './mobilenet-v3.js';
import { type PoolNetSpec, poolNet } from './pool-net.js';
import { type ResNetSpec, resNet } from './resnet.js';
import { type ResNetCifarSpec, resNetCifar } from './resnet-cifar.js';
import { type WideResNetSpec, wideResNet } from './wide-resnet.js';

/** A network as plain JSON: its family, and what distinguishes it there. What is left out has a default. */
export type NetworkSpec = ResNetCifarSpec | WideResNetSpec | ResNetSpec | MobileNetV2Spec | MobileNetV3Spec;

/** What a network is given and has to tell apart. */
export interface NetworkInput {
  readonly classes: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** A network under the name that messages use for it. */
export interface NamedPlan<Spec = NetworkSpec> extends NetworkPlan<Spec> {
  readonly name: string;
  readonly family: string;
}

const FAMILIES: readonly NetworkFamily<NetworkSpec>[] = [resNetCifar, wideResNet, resNet, mobileNetV2, mobileNetV3];
/** The networks of the golden fixtures: those families and a small one that only tests use. */
const FIXTURE_FAMILIES: readonly NetworkFamily<NetworkSpec | PoolNetSpec>[] = [...FAMILIES, poolNet];

/** All named networks. */
export const NETWORKS: ReadonlyMap<string, NetworkSpec> = new Map(
  FAMILIES.flatMap(({ variants }) => Object.entries(variants)),
);

/**
 * Other spellings. `resnet18` and `mobilenetv2` of the benchmark's scripts have CIFAR stems, unlike torchvision's
 * networks of almost the same names: those have no alias here.
 */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['resnet18i', 'resnet18'],
  ['mobilenetv2i', 'mobilenet_v2'],
]);

/** The network's forward graph: input `images` [N, channels, height, width], outputs `logits` and `features`. */
export function createNetwork(spec: NetworkSpec | string, input: NetworkInput): Graph {
  return buildNetwork(planNetwork(spec), input);
}

/** A network from an entry of a fixture's `nets` metadata. */
export function createNetworkFromFixture(
  metadata: unknown,
  classes: number,
  image: Omit<NetworkInput, 'classes'> = { channels: 3, height: 32, width: 32 },
): Graph {
  return buildNetwork(planSpec(metadata, FIXTURE_FAMILIES), { classes, ...image });
}

/** Looks a network up and fills its spec's defaults in. Errors say what is wrong with the name or the spec, and `where`. */
export function planNetwork(spec: unknown, where = 'networks'): NamedPlan {
  if (typeof spec !== 'string') return planSpec(spec, FAMILIES);
  const name = ALIASES.get(spec) ?? spec;
  const known = NETWORKS.get(name);
  if (!known) fail(where, `there is no network "${spec}"`, { hint: suggestion(spec, [...NETWORKS.keys()]) });
  return { ...planSpec(known, FAMILIES), name };
}

function planSpec<Spec>(spec: unknown, families: readonly NetworkFamily<Spec>[]): NamedPlan<Spec> {
  const name = typeof spec === 'object' && spec && 'family' in spec ? String(spec.family) : '';
  const family = families.find((candidate) => candidate.name === name);
  if (family) return { ...family.plan(spec), name, family: name };
  const names = families.map((candidate) => candidate.name);
  return fail('network spec', name ? `there is no family "${name}"` : 'it has no "family"', {
    hint: suggestion(name, names),
  });
}

/** The forward graph of a plan for inputs of this size. */
export function buildNetwork(plan: NamedPlan<unknown>, input: NetworkInput): Graph {
  checkInput(plan, input);
  const graph = new Graph(plan.name);
  const images = graph.input('images', 'float32', ['N', input.channels, input.height, input.width]);
  const { logits, features } = plan.build(graph, images, input.classes);
  graph.output('logits', logits);
  graph.output('features', features);
  return graph;
}

function checkInput({ name, strides }: NamedPlan<unknown>, input: NetworkInput): void {
  const { classes, channels, height, width } = input;
  for (const [key, value] of Object.entries({ classes, channels, height, width })) {
    if (!Number.isSafeInteger(value) || value < 1)
      fail(`network ${name}`, key, { expected: 'a whole number from 1', got: `${value}` });
  }
  const smallest = smallestSize(strides);
  if (Math.min(height, width) >= smallest) return;
  const alternative = `${name}_cifar`;
  const hint = `Resize the images${NETWORKS.has(alternative) ? `, or use ${alternative}, which is made for small ones` : ''}`;
  fail(`network ${name}`, 'the images are too small for its strides', {
    expected: `at least ${smallest}x${smallest}`,
    got: `${width}x${height}`,
    hint,
  });
}
