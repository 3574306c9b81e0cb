import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = join(ROOT, 'src');

/** What each folder of `src` may import beside itself, from the bottom up. `.` are the files of `src` itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  util: [],
  metrics: ['util'],
  onnx: ['util'],
  data: ['util'],
  graph: ['onnx', 'util'],
  autodiff: ['graph', 'onnx', 'util'],
  losses: ['graph', 'onnx', 'util'],
  optim: ['graph', 'onnx', 'util'],
  nets: ['graph', 'onnx', 'util'],
  weights: ['foreign', 'nets', 'graph', 'onnx', 'util'],
  hub: ['util'],
  lower: ['graph', 'onnx', 'util'],
  foreign: ['graph', 'onnx', 'util'],
  quantisation: ['onnx', 'util'],
  distill: ['autodiff', 'losses', 'optim', 'nets', 'graph', 'onnx', 'util'],
  runtime: ['lower', 'graph', 'onnx', 'util'],
  peer: ['runtime', 'distill', 'graph', 'onnx', 'util'],
  artifacts: ['distill', 'foreign', 'nets', 'lower', 'autodiff', 'graph', 'onnx', 'util'],
  settings: ['artifacts', 'weights', 'runtime', 'distill', 'nets', 'losses', 'optim', 'graph', 'data', 'util'],
  events: ['settings', 'distill', 'data', 'util'],
  lineage: ['events', 'distill', 'onnx', 'util'],
  store: ['lineage', 'events', 'settings', 'artifacts', 'distill', 'optim', 'graph', 'data', 'onnx', 'util'],
  pretrained: ['weights', 'hub', 'store', 'settings', 'distill', 'nets', 'optim', 'data', 'onnx', 'util'],
  recipe: ['pretrained', 'weights', 'store', 'settings', 'nets', 'data', 'util'],
  imported: ['weights', 'settings', 'artifacts', 'foreign', 'nets', 'autodiff', 'graph', 'data', 'onnx', 'util'],
  group: [
    'imported',
    'pretrained',
    'hub',
    'weights',
    'store',
    'events',
    'settings',
    'artifacts',
    'runtime',
    'distill',
    'nets',
    'lower',
    'optim',
    'graph',
    'data',
    'onnx',
    'util',
  ],
  'ort-training': [
    'group',
    'settings',
    'artifacts',
    'runtime',
    'distill',
    'autodiff',
    'losses',
    'optim',
    'lower',
    'graph',
    'onnx',
    'util',
  ],
  classifier: [
    'imported',
    'group',
    'store',
    'settings',
    'foreign',
    'runtime',
    'distill',
    'lower',
    'graph',
    'data',
    'onnx',
    'util',
  ],
  train: [
    'imported',
    'ort-training',
    'classifier',
    'group',
    'store',
    'lineage',
    'events',
    'settings',
    'runtime',
    'metrics',
    'distill',
    'foreign',
    'lower',
    'optim',
    'graph',
    'data',
    'onnx',
    'util',
  ],
  assess: ['train', 'group', 'store', 'events', 'runtime', 'metrics', 'graph', 'data', 'onnx', 'util'],
  export: [
    'metrics',
    'quantisation',
    'evaluate',
    'imported',
    'classifier',
    'group',
    'pretrained',
    'store',
    'lineage',
    'events',
    'settings',
    'artifacts',
    'foreign',
    'runtime',
    'distill',
    'nets',
    'lower',
    'graph',
    'data',
    'onnx',
    'util',
  ],
  run: [
    'peer',
    'pages',
    'assess',
    'export',
    'train',
    'ort-training',
    'group',
    'pretrained',
    'hub',
    'store',
    'lineage',
    'events',
    'settings',
    'runtime',
    'distill',
    'optim',
    'lower',
    'graph',
    'data',
    'util',
    'nets',
  ],
  browser: [
    'train',
    'export',
    'pretrained',
    'group',
    'report',
    'store',
    'lineage',
    'events',
    'settings',
    'runtime',
    'distill',
    'nets',
    'lower',
    'graph',
    'data',
    'onnx',
    'util',
  ],
  speed: ['evaluate', 'classifier', 'imported', 'runtime', 'data', 'onnx', 'util'],
  evaluate: [
    'metrics',
    'assess',
    'train',
    'classifier',
    'group',
    'store',
    'events',
    'settings',
    'runtime',
    'data',
    'onnx',
    'util',
  ],
  report: ['events', 'settings', 'util'],
  pages: ['report', 'pretrained', 'store', 'lineage', 'events', 'settings', 'distill', 'data', 'util'],
  web: ['pages', 'export', 'imported', 'foreign', 'runtime', 'onnx', 'util'],
  serve: ['pages', 'report', 'store', 'lineage', 'events', 'settings', 'util'],
  demo: [
    'serve',
    'web',
    'pages',
    'browser',
    'report',
    'pretrained',
    'hub',
    'weights',
    'store',
    'events',
    'settings',
    'onnx',
    'util',
  ],
  tensorboard: ['store', 'events', 'data', 'onnx', 'util'],
  doctor: ['hub', 'report', 'events', 'settings', 'runtime', 'data', 'graph', 'onnx', 'util'],
  notify: ['hub', 'report', 'events', 'settings', 'util'],
  queue: ['compare', 'run', 'train', 'report', 'store', 'events', 'settings', 'runtime', 'data', 'util'],
  compare: [
    'run',
    'train',
    'ort-training',
    'group',
    'store',
    'events',
    'settings',
    'runtime',
    'report',
    'graph',
    'data',
    'util',
  ],
};
const TOPS = Object.keys(ALLOWED);
/** The command and the library's entry may import everything beneath; of the library's other entries, graphs are pure. */
const ENTRIES: Readonly<Record<string, readonly string[]>> = {
  cli: TOPS,
  '.': TOPS,
  api: [
    'browser',
    'events',
    'settings',
    'autodiff',
    'distill',
    'losses',
    'optim',
    'nets',
    'lower',
    'graph',
    'onnx',
    'util',
  ],
};

/** Packages that one folder alone knows. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  'onnxruntime-node': ['runtime'],
  'onnxruntime-web': ['web', 'browser'],
  fflate: ['browser'],
  'ort-training': ['ort-training'],
  protobufjs: ['onnx', 'tensorboard'],
  yauzl: ['weights', 'data'],
  tar: ['data'],
  'csv-parse': ['data'],
  hyparquet: ['data'],
  'hyparquet-compressors': ['data'],
  undici: ['hub'],
  'proxy-from-env': ['hub'],
  flatbuffers: ['ort-training'],
  sharp: ['data'],
  piscina: ['data'],
  commander: ['cli'],
  'cli-progress': ['report'],
  'cli-table3': ['report'],
  picocolors: ['report'],
  jstat: ['compare'],
  uplot: ['pages'],
  esbuild: ['pages'],
  yaml: ['cli'],
  bullmq: ['queue'],
  ioredis: ['queue'],
  zeromq: ['peer'],
};

/** Folders without file system, clock or randomness of their own: what they give depends on what they are given alone. */
const PURE = ['metrics', 'graph', 'autodiff', 'losses', 'optim', 'nets', 'distill', 'lower', 'quantisation'];
const IMPURE = /['"]node:|\bprocess\.|\bDate\b|\bperformance\.|\bMath\.random\b|\bcrypto\.|\bfetch\(|\bsetTimeout\b/;

/** Files of its own that a folder may hold. */
const MOST_FILES = 20;

interface Source {
  readonly path: string;
  readonly text: string;
  /** Specifiers of imports and re-exports, of types too, and of lazy imports. */
  readonly imports: readonly string[];
}

function sourcesIn(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.includes('node_modules'))
    .map((path) => {
      const text = readFileSync(join(folder, path), 'utf8');
      return { path: path.split(sep).join('/'), text, imports: importsOf(text) };
    });
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom|\bimport\(|^import)\s*'([^']+)'/gm)].map(([, specifier]) => specifier as string);
}

const folderOf = (path: string) => dirname(path);
const topOf = (path: string) => (path.includes('/') ? (path.split('/')[0] as string) : '.');
const targetOf = (from: string, specifier: string) => join(dirname(from), specifier).split(sep).join('/');
const packageOf = (specifier: string) => specifier.split('/')[0] as string;

/** Folder -> the other folders that its own files import. */
function folderGraph(sources: readonly Source[]): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const { path, imports } of sources) {
    const targets = graph.get(folderOf(path)) ?? new Set();
    for (const specifier of imports.filter((each) => each.startsWith('.'))) {
      const target = folderOf(targetOf(path, specifier));
      if (target !== folderOf(path)) targets.add(target);
    }
    graph.set(folderOf(path), targets);
  }
  return graph;
}

/** A way through the graph that ends where it began, if there is one. */
function circleIn(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const done = new Set<string>();
  const visit = (node: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(node)) return [...way.slice(way.indexOf(node)), node];
    if (done.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const circle = visit(next, [...way, node]);
      if (circle) return circle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const circle = visit(node, []);
    if (circle) return circle;
  }
  return undefined;
}

const SOURCES = sourcesIn(SRC);

describe('the folders of src', () => {
  it('are all in the table', () => {
    const allowed = { ...ALLOWED, ...ENTRIES };
    expect(new Set(SOURCES.map(({ path }) => topOf(path)))).toEqual(new Set(Object.keys(allowed)));
  });

  it('import what is beneath them', () => {
    const allowed = { ...ALLOWED, ...ENTRIES };
    const wrong = SOURCES.flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => topOf(targetOf(path, specifier)))
        .filter((top) => top !== topOf(path) && !allowed[topOf(path)]?.includes(top))
        .map((top) => `${path} imports ${top}`),
    );
    expect(wrong).toEqual([]);
  });

  it('have a table without an arrow up', () => {
    expect(circleIn(new Map(Object.entries(ALLOWED).map(([top, tops]) => [top, new Set(tops)])))).toBeUndefined();
  });

  it('go in no circle, types included', () => {
    expect(circleIn(folderGraph(SOURCES))).toBeUndefined();
  });

  it('hold each package in one place', () => {
    const wrong = SOURCES.flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => HOMES[packageOf(specifier)] && !HOMES[packageOf(specifier)]?.includes(topOf(path)))
        .map((specifier) => `${path} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  it.each(PURE)('%s is pure', (top) => {
    const code = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    const impure = SOURCES.filter(({ path, text }) => topOf(path) === top && IMPURE.test(code(text)));
    expect(impure.map(({ path }) => path)).toEqual([]);
  });

  it.each(['src', 'scripts'])(`of %s hold at most ${MOST_FILES} files of their own`, (root) => {
    const counts = new Map<string, number>();
    for (const { path } of sourcesIn(join(ROOT, root)))
      counts.set(folderOf(path), (counts.get(folderOf(path)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > MOST_FILES)).toEqual([]);
  });
});

describe('the test of the folders', () => {
  it('sees types, lazy imports and re-exports', () => {
    const text =
      "import type { A } from '../a.js';\nexport * from './b.js';\nconst c = await import('./c.js');\nimport './d.js';\n";
    expect(importsOf(text)).toEqual(['../a.js', './b.js', './c.js', './d.js']);
  });

  it('finds a circle', () => {
    const graph = new Map([
      ['a', new Set(['b'])],
      ['b', new Set(['c'])],
      ['c', new Set(['b'])],
    ]);
    expect(circleIn(graph)).toEqual(['b', 'c', 'b']);
  });

  it('finds what is impure', () => {
    for (const text of ["from 'node:fs'", 'Date.now()', 'Math.random()', 'process.env'])
      expect(IMPURE.test(text)).toBe(true);
    expect(relative(ROOT, SRC)).toBe('src');
  });
});
