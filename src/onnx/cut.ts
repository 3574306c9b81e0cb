import type { GraphProto, ModelProto } from './model.js';

/** The part of a graph that makes one value. */
export function cutBefore(output: string, { graph }: ModelProto): GraphProto {
  const producers = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const [needed, names, open] = [new Set<GraphProto['node'][number]>(), new Set<string>(), [output]];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = producers.get(name);
    names.add(name);
    if (!node || needed.has(node)) continue;
    needed.add(node);
    for (const input of node.input) if (input) open.push(input);
  }
  return {
    ...graph,
    node: graph.node.filter((node) => needed.has(node)),
    input: graph.input.filter(({ name }) => names.has(name)),
    output: [{ name: output }],
    initializer: graph.initializer.filter(({ name = '' }) => names.has(name)),
    valueInfo: [],
  };
}
