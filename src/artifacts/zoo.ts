import { buildNetwork, type NetworkInput, planNetwork } from '../nets/registry.js';
import type { ArtifactNetwork } from './create.js';

/** Of the graphs of Agon's own networks. */
export const LICENCE = 'Apache-2.0';

/** Networks of the zoo, by name or specification, as an artifact takes them. */
export function zooNetworks(nets: readonly unknown[]): ArtifactNetwork[] {
  return nets.map((net) => {
    const plan = planNetwork(net);
    return {
      name: plan.name,
      spec: { ...plan.spec },
      build: (input: NetworkInput) => buildNetwork(plan, input),
    };
  });
}

/** Square RGB images, and classes, as the networks usually have them: the largest of each. */
export function usualInput(nets: readonly unknown[]): NetworkInput {
  const inputs = nets.map((net) => planNetwork(net).usualInput);
  const size = Math.max(...inputs.map((input) => input.size));
  return { classes: Math.max(...inputs.map((input) => input.classes)), channels: 3, height: size, width: size };
}
