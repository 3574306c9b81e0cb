import { readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GRAPH = join(ROOT, 'src/api/graph.ts');

interface Package {
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
}
const { exports: ENTRIES } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Package;

/** Packages that run in a browser as well. */
const ANYWHERE = ['fastest-levenshtein', 'protobufjs', 'pure-rand', 'zod'];

/** What a file imports or exports again at run time: all but types. */
function importsAtRunTime(text: string): string[] {
  const found = text.matchAll(
    /^(?:import|export)\s+(?!type\b)[^;]*?\bfrom\s*'([^']+)'|^import\s*'([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return [...found].map(([, from, alone, lazy]) => (from ?? alone ?? lazy) as string);
}

/** The files of src and the packages that an entry loads, in any depth. */
function loadedBy(entry: string, files = new Set<string>(), packages = new Set<string>()) {
  files.add(entry);
  for (const specifier of importsAtRunTime(readFileSync(entry, 'utf8'))) {
    if (!specifier.startsWith('.')) packages.add(specifier.split('/')[0] as string);
    else {
      const file = join(dirname(entry), specifier.replace(/\.js$/, '.ts'));
      if (!files.has(file)) loadedBy(file, files, packages);
    }
  }
  return { files, packages };
}

const foldersOf = (files: ReadonlySet<string>) =>
  [...new Set([...files].map((file) => relative(join(ROOT, 'src'), file).split(sep)[0]))].sort();

describe('the entries of the package', () => {
  it('are four, each with its types', async () => {
    expect(Object.keys(ENTRIES)).toEqual(['.', './graph', './browser', './onnx']);
    for (const { types, default: code } of Object.values(ENTRIES)) {
      expect(types).toBe(code.replace(/\.js$/, '.d.ts'));
      const source = code.replace('./dist/', 'src/').replace(/\.js$/, '.ts');
      expect(Object.keys(await import(join(ROOT, source)))).toContain('AgonError');
    }
  });

  it('give a name that two of them have to one thing, but for that of a page, which stands alone', async () => {
    const entries = await Promise.all(
      ['index', 'api/graph', 'api/onnx'].map((name) => import(join(ROOT, `src/${name}.ts`))),
    );
    const byName = new Map<string, unknown>();
    for (const [name, value] of entries.flatMap((entry) => Object.entries(entry as object))) {
      expect(byName.get(name) ?? value, name).toBe(value);
      byName.set(name, value);
    }
  });
});

describe('agon/graph', () => {
  it('loads nothing of Node.js, and packages that run anywhere', () => {
    const { files, packages } = loadedBy(GRAPH);
    expect([...packages].sort()).toEqual(ANYWHERE);
    expect(foldersOf(files)).toEqual(
      ['api', 'autodiff', 'distill', 'graph', 'losses', 'lower', 'nets', 'onnx', 'optim', 'util'].sort(),
    );
  });

  it('builds a training step and its model where there is nothing but JavaScript', async () => {
    const { outputFiles } = await build({
      entryPoints: [GRAPH],
      bundle: true,
      write: false,
      platform: 'browser',
      format: 'iife',
      globalName: 'agon',
    });
    // Of a browser, what the bundle may use; of Node.js, nothing.
    const page = createContext({ TextEncoder, TextDecoder });
    runInContext(outputFiles[0]?.text ?? '', page);
    const counted = runInContext(
      `const network = agon.createNetwork('resnet8', { classes: 10, channels: 3, height: 32, width: 32 });
       const optimizer = { name: 'sgd', lr: 0.1, momentum: 0.9, weightDecay: 0, nesterov: false };
       const settings = { rule: 'argmin', topK: 1, alpha: 1, beta: 0, featureReduction: 'mean', featureProjection: false,
         temperature: 1, teacher: null, labelSmoothing: 0, optimizer };
       const { graph } = agon.buildTrainingStep([network, network], settings, { batch: 8 });
       agon.verifyGraph(graph);
       const bytes = agon.encodeModel(agon.graphToModel(agon.lowerGraph(graph, agon.portableTarget)));
       const forward = agon.graphFromModel(agon.decodeModel(agon.encodeModel(agon.graphToModel(network))));
       [agon.countParameters(network), agon.initialiseParameters(network, 0).size === network.parameters.size,
         forward.graph.nodes.length === network.nodes.length, agon.decodeModel(bytes).graph.output.length === graph.outputs.size];`,
      page,
    );
    expect([...(counted as unknown[])]).toEqual([78042, true, true, true]);
  });

  it('is held by a walk that sees all but types', () => {
    const text = `import type { A } from './a.js';\nimport { b } from './b.js';\nexport * from './c.js';\nexport type * from './d.js';\nimport {\n  type E,\n  f,\n} from 'e';\nimport 'node:fs';\nconst g = await import('g');\n`;
    expect(importsAtRunTime(text)).toEqual(['./b.js', './c.js', 'e', 'node:fs', 'g']);
  });
});
