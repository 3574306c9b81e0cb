import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeModel, encodeModel, writeModelFile } from '../../../src/onnx/file.js';
import { tensor, toNumbers } from '../../../src/onnx/tensor.js';
import { runPaths } from '../../../src/store/run-folder.js';
import { evaluationLoader } from '../../../src/train/data.js';
import { at } from '../../../src/util/checked.js';
import { present } from '../../../src/util/error.js';
import { runBytes } from '../../graph/support/run.js';
import {
  eventsOf,
  MOBILENET,
  RESNET,
  runHere,
  SIDE,
  smallData,
  smallSettings,
  temporaryFolder,
} from '../../run/runs.js';
import { folded } from '../../support/fold.js';
import { groupOf, logitsOf, modelOf, momentsOf } from './networks.js';

const SPECS = [
  ['a residual network', RESNET, 6],
  ['one of depthwise convolutions', MOBILENET, 7],
] as const;

describe.each(SPECS)('the folded norms of %s', (_, spec, norms) => {
  it('are back with the moments of plain loops, and the same outputs', async () => {
    const [whole, model] = [modelOf(spec), folded(modelOf(spec))];
    const convs = model.graph.node.filter(({ opType }) => opType === 'Conv');
    expect(convs).toHaveLength(norms);
    const { settings, data, group } = await groupOf(model);
    const parameters = at(group.graphs, 0).parameters;
    expect([...parameters.keys()].filter((name) => name.endsWith('.norm.running_var'))).toHaveLength(norms);
    expect([...parameters.keys()].filter((name) => name.endsWith('.folded'))).toEqual([]);

    // All 48 training images are fewer than are measured
    const loader = evaluationLoader(data.dataset.train, data.preprocessing, { ...settings, batchSize: 64 });
    for await (const batch of loader.epoch()) {
      const images = tensor('float32', [batch.size, 1, SIDE, SIDE], batch.images);
      const outputs = convs.map(({ output }) => ({ name: output[0] as string }));
      const exposed = { ...model, graph: { ...model.graph, output: [...model.graph.output, ...outputs] } };
      const results = await runBytes(encodeModel(exposed), new Map([['images', images]]));
      const value = (name: string) => toNumbers(present(group.weights?.tensors.get(`net0.${name}`), name));
      for (const { input, output } of convs) {
        const prefix = `${input[1]?.replace(/\.weight$/, '')}.norm`;
        const bias = toNumbers(
          present(group.begun?.[0]?.restored?.source.parameters.get(input[2] ?? ''), input[2] ?? ''),
        );
        const { mean, variance } = momentsOf(present(results.get(output[0] ?? ''), output[0] ?? ''));
        for (const [c, m] of mean.entries()) {
          expect(at(value(`${prefix}.running_mean`), c)).toBeCloseTo(m - at(bias, c), 4);
          expect(at(value(`${prefix}.running_var`), c)).toBeCloseTo(at(variance, c), 4);
          expect(at(value(`${prefix}.weight`), c)).toBeCloseTo(Math.sqrt(at(variance, c) + 1e-5), 4);
          expect(at(value(`${prefix}.bias`), c)).toBeCloseTo(m, 4);
        }
      }
      const expected = toNumbers(
        present((await runBytes(encodeModel(whole), new Map([['images', images]]))).get('logits'), 'logits'),
      );
      const got = await logitsOf(group, images);
      const largest = Math.max(...expected.map(Math.abs));
      for (const [i, each] of expected.entries()) expect(Math.abs(at(got, i) - each)).toBeLessThan(1e-4 * largest);
    }
    await loader.close();
  });
});

describe('a deep network whose norms were folded away', () => {
  const DEEP = { family: 'resnet-cifar', blocks_per_stage: 10, widths: [4, 4] };

  it('stands still as it is, and learns with norms put back', async () => {
    const data = await smallData();
    const first = await runHere(smallSettings(data, { nets: [DEEP], epochs: 1 }));
    const winner = decodeModel(await readFile(runPaths(first.folder).winner), 'winner.onnx');
    const path = join(await temporaryFolder(), 'model.onnx');
    await writeModelFile(path, folded(winner));
    const other = await smallData({ classes: 2, perClass: 32 });
    const lossesWith = async (restoreNorms: boolean) => {
      const { events } = await runHere(smallSettings(other, { nets: [path], epochs: 5, restoreNorms }));
      return eventsOf(events, 'epoch').map(({ networks }) => networks[0]?.validation?.loss ?? Number.NaN);
    };
    expect(Math.min(...(await lossesWith(false)))).toBeGreaterThan(0.692);
    expect(Math.min(...(await lossesWith(true)))).toBeLessThan(0.65);
  });
});
