import type { NetworkSpec } from '../../src/nets/registry.js';
import { NETWORKS, planNetwork } from '../../src/nets/registry.js';

/** Agon's network of each of torch_step.py's names. Its `resnet18` and `mobilenetv2` have CIFAR stems. */
const AGON_OF_TORCH: Readonly<Record<string, string>> = {
  resnet8: 'resnet8',
  resnet20: 'resnet20',
  resnet32: 'resnet32',
  resnet56: 'resnet56',
  wrn_16_2: 'wrn_16_2',
  mobilenetv2: 'mobilenet_v2_cifar',
  mobilenetv2i: 'mobilenet_v2',
  resnet18: 'resnet18_cifar',
  resnet18i: 'resnet18',
};

/**
 * Agon's name of a network, from its own or one of torch_step.py's. A name that both worlds have (`resnet18`) means
 * Agon's network.
 */
export function agonName(name: string): string {
  return planNetwork(NETWORKS.has(name) ? name : (AGON_OF_TORCH[name] ?? name)).name;
}

/** What torch_step.py calls the same network; undefined when it has none. */
export function torchName(name: string): string | undefined {
  return Object.entries(AGON_OF_TORCH).find(([, agon]) => agon === name)?.[0];
}

/** The networks of an argument: `resnet8,resnet8`. */
export function parseNets(text: string): string[] {
  return text.split(',').map((name) => agonName(name.trim()));
}

/** A network as results name it. */
export function label(spec: string | NetworkSpec): string {
  return typeof spec === 'string' ? spec : JSON.stringify(spec);
}
