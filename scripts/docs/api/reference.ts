/** The API reference: a Markdown page for each entry of the package, from the types and their comments. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, type TypeDocOptions } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';

const pathOf = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Where the pages are. */
export const REFERENCE_FOLDER = 'docs/api';

/** Schemas from which types of settings follow: the page of settings describes them. */
const SCHEMAS = [
  'DeepReadonly',
  'adamwSchema',
  'plateauSchema',
  'plateauStateSchema',
  'scheduleSchema',
  'sgdSchema',
  'stepSchema',
  'LessonName',
  'ExtraName',
];

/** Lists of names that are no part of the API, unlike the types made of them. */
const LISTS = ['PARAMETER_OPERATIONS', 'FEATURE_REDUCTIONS', 'ARRAY_TYPES'];

/** Types that only tie an operator's name to how many outputs it gives. */
const OUTPUT_TYPES = ['Tuple', 'SemanticOutputs', 'OutputsOf', 'NamedOnly'];

const OPTIONS: Partial<TypeDocOptions & PluginOptions> = {
  name: 'API reference',
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: ['src/index.ts', 'src/api/graph.ts', 'src/api/onnx.ts', 'src/api/browser.ts'].map(pathOf),
  tsconfig: pathOf('tsconfig.build.json'),
  readme: 'none',
  // What is exported has a comment, and names and links nothing that isn't.
  validation: { notExported: true, invalidLink: true, rewrittenLink: true, notDocumented: true },
  intentionallyNotExported: [...LISTS, ...OUTPUT_TYPES, ...SCHEMAS],
  // Fields may speak for themselves.
  requiredToBeDocumented: ['Module', 'Function', 'Class', 'Interface', 'TypeAlias', 'Variable', 'Method', 'Accessor'],
  // The compiler checks the types: here they are read alone.
  skipErrorChecking: true,
  excludeExternals: true,
  excludePrivate: true,
  disableSources: true,
  disableGit: true,
  logLevel: 'Warn',
  outputFileStrategy: 'modules',
  groupOrder: ['Functions', 'Variables', 'Classes', 'Interfaces', 'Type Aliases'],
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  expandParameters: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  classPropertiesFormat: 'table',
};

/** The pages by their path in {@link REFERENCE_FOLDER} (`agon/graph.md`). What typedoc warns of is an error. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-api-'));
  try {
    const application = await Application.bootstrapWithPlugins({ ...OPTIONS, out: folder });
    const project = await application.convert();
    if (project) application.validate(project);
    if (project) await application.generateOutputs(project);
    if (!project || application.logger.hasErrors() || application.logger.hasWarnings())
      throw new Error('API reference: the comments of what is exported have the faults that are named above');
    return await readPages(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The Markdown files of a folder, by their path in it. */
export async function readPages(folder: string): Promise<ReadonlyMap<string, string>> {
  const paths = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.md')).sort();
  const texts = await Promise.all(paths.map((path) => readFile(join(folder, path), 'utf8')));
  return new Map(paths.map((path, i) => [path.split(sep).join('/'), texts[i] ?? '']));
}
