import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, Script } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import * as graph from '../../src/api/graph.js';

const ROOT = join(import.meta.dirname, '../..');

async function bundle(entry: string) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [`src/api/${entry}.ts`],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'agon',
    target: ['es2022'],
    logLevel: 'silent',
  });
  return { script: outputFiles[0]?.text ?? '', sources: Object.keys(metafile.inputs), metafile };
}

/** What a browser's scope has that the language itself hasn't. */
const SCOPE = { TextEncoder, TextDecoder, URL };

/** The step of two small networks as a model. */
const BUILD = `
  const data = { classes: 3, channels: 3, height: 16, width: 16 };
  const nets = ['resnet8', 'mobilenet_v2_cifar_0.5'].map((name) => agon.createNetwork(name, data));
  const step = agon.buildTrainingStep(nets, { optimizer: { name: 'adamw', lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 }, rule: 'argmin', alpha: 1, beta: 0 }, { batch: 4 });
  agon.encodeModel(agon.graphToModel(agon.lowerGraph(step.graph, agon.portableTarget)));`;

describe.each(['graph', 'browser'])('agon/%s', (entry) => {
  it('is bundled for browsers, and nothing of it needs Node.js', async () => {
    // What imports a module of Node.js can't be bundled for a browser
    const { sources, metafile } = await bundle(entry);
    const external = Object.values(metafile.inputs).flatMap(({ imports }) => imports.filter((each) => each.external));
    expect(external).toEqual([]);
    const own = sources.filter((path) => path.startsWith('src/'));
    expect(own.length).toBeGreaterThan(100);
    const code = (path: string) => readFileSync(join(ROOT, path), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    const bound = own.filter((path) =>
      /['"]node:|(?<!globalThis\.)\bprocess[.?]|\bBuffer\b|\b__dirname\b/.test(code(path)),
    );
    expect(bound).toEqual([]);
    expect(sources.filter((path) => /node_modules\/(onnxruntime|sharp|piscina)/.test(path))).toEqual([]);
  });
});

it('agon/graph builds the same training step without Node.js, byte for byte', async () => {
  const { script } = await bundle('graph');
  const context = createContext({ ...SCOPE });
  expect(new Script('typeof process + typeof Buffer + typeof require').runInContext(context)).toBe(
    'undefinedundefinedundefined',
  );
  new Script(script).runInContext(context);
  const made = new Script(
    `(() => {${BUILD.replace(/agon\.encodeModel\(/, 'return agon.encodeModel(')}})()`,
  ).runInContext(context);
  const here = new Function('agon', BUILD.replace(/agon\.encodeModel\(/, 'return agon.encodeModel('))(
    graph,
  ) as Uint8Array;
  expect(here.length).toBeGreaterThan(100_000);
  expect(Buffer.from(made as Uint8Array).equals(here)).toBe(true);
});
