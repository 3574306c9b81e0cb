import { describe, expect, it } from 'vitest';
import { buildEvaluation } from '../../src/distill/evaluation.js';
import type { Graph } from '../../src/graph/graph.js';
import { freezeNetwork } from '../../src/nets/freeze.js';
import { createNetwork } from '../../src/nets/registry.js';
import type { Tensor } from '../../src/onnx/tensor.js';
import { openGraph } from '../support/run.js';
import { createStep, mobileNet, numbers, openStep, plainNetwork, resNet } from './steps.js';

/** Names of a small ResNet's parameters, with those beneath and above the end of stage `layer1`. */
const beneath = (name: string) => /^net\d\.(conv1|bn1|layer1)\./.test(name);

function backwardNodes({ nodes }: Graph): string[] {
  return nodes.map(({ name }) => name).filter((name) => name.includes('_grad/'));
}

describe('a step with frozen layers', () => {
  it('has no gradient, no optimizer state and no backward pass below them, and leaves them as they are', async () => {
    const settings = { freeze: 'layer1' };
    const { step, state, run, close } = await openStep([resNet(), resNet()], { settings });
    const results = await run();
    await close();
    const names = step.state.filter(beneath);
    expect(names).toHaveLength(2 * 15);
    for (const name of names)
      expect(numbers(results, `${name}.next`), name).toEqual([...(state.get(name) as Tensor).data]);
    const moved = step.state.filter((name) => !beneath(name));
    for (const name of moved)
      expect(numbers(results, `${name}.next`), name).not.toEqual([...(state.get(name) as Tensor).data]);
    const trained = Object.keys(results).filter((name) => name.endsWith('.grad'));
    expect(trained.some(beneath)).toBe(false);
    expect(trained).toContain('net0.layer2.0.conv1.weight.grad');
    expect(backwardNodes(step.graph).filter((name) => /^net\d\/(conv1|bn1|relu|layer1)/.test(name))).toEqual([]);
    // The first layer above needs none for its input
    const inputGradients = step.graph.nodes.filter(
      ({ op, name }) => op === 'ConvInputGrad' && name.includes('layer2.0.conv1'),
    );
    expect(inputGradients).toEqual([]);
  });

  it('trains the head alone with a frozen backbone', () => {
    const { graph, uniforms } = createStep([mobileNet(0.5)], { settings: { freeze: 'backbone' } });
    const trained = [...graph.parameters].flatMap(([name, { role }]) => (role === 'weight' ? [name] : []));
    expect(trained).toEqual(['net0.classifier.1.weight', 'net0.classifier.1.bias']);
    // The head's Dropout stays
    expect(uniforms).toHaveLength(1);
  });

  it('has frozen normalisations folded into their convolutions, with the same logits', async () => {
    // A step with running statistics everywhere: what is evaluated after training
    const network = mobileNet(0);
    const { step, state, batch, run, close } = await openStep([network], { settings: { freeze: 'backbone' } });
    expect(step.graph.nodes.filter(({ op }) => /^BatchNorm/.test(op))).toEqual([]);
    const got = numbers(await run(), 'net0.logits');
    await close();
    const session = await openGraph(buildEvaluation([network]));
    const parameters = [...network.parameters.keys()].map((name) => [`net0.${name}`, state.get(`net0.${name}`)]);
    const { images, labels } = batch;
    const expected = numbers(await session.run({ images, labels, ...Object.fromEntries(parameters) }), 'net0.logits');
    await session.close();
    got.forEach((value, i) => {
      expect(Math.abs(value - (expected[i] as number))).toBeLessThan(1e-5);
    });
  });

  it('leaves out Dropout among frozen layers', () => {
    const spec = { family: 'wide-resnet', depth: 10, widen_factor: 1, dropout: 0.3 } as const;
    const network = createNetwork(spec, { classes: 5, channels: 3, height: 8, width: 8 });
    const dropouts = (freeze: string) =>
      createStep([network], { settings: { freeze } }).uniforms.map(({ name }) => name);
    expect(dropouts('none')).toHaveLength(3);
    expect(dropouts('block2')).toEqual(['net0/block3.layer.0/Dropout.uniform']);
    expect(dropouts('backbone')).toEqual([]);
  });

  it('is the usual one where nothing is frozen', () => {
    const network = resNet();
    expect(freezeNetwork(network, 'none')).toBe(network);
  });

  it('gives the same head as a step in which all is trained, on the first update', async () => {
    // Without normalisations nothing of the forward pass differs
    const networks = () => [plainNetwork(), plainNetwork()];
    const [whole, head] = [
      await openStep(networks()),
      await openStep(networks(), { settings: { freeze: 'backbone' } }),
    ];
    const [all, frozen] = [await whole.run(), await head.run()];
    for (const name of ['net0.fc.weight.next', 'net1.fc.bias.next', 'net1.fc.weight.momentum_buffer.next']) {
      expect(numbers(frozen, name)).toEqual(numbers(all, name));
    }
    await Promise.all([whole.close(), head.close()]);
  });

  it.each([
    [
      'layer9',
      'expected one of its stages (conv1, layer1, layer2), backbone or none, got "layer9". Did you mean "layer1"?',
    ],
    ['head', 'got "head"'],
  ])('%s is an error that lists the stages', (freeze, message) => {
    expect(() => createStep([resNet()], { settings: { freeze } })).toThrow(message);
  });
});
