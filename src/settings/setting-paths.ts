import { BUILTIN } from '../data/formats/builtin.js';
import { isModelFile } from '../nets/model-file.js';
import { baseName } from '../util/files/file-name.js';
import { publicAddress } from '../util/printable.js';
import { isPath } from '../weights/source.js';
import { isSection } from './presets.js';

type Raw = Readonly<Record<string, unknown>>;

/** Settings with names in place of paths: what is passed on tells nothing of the folders of a machine. */
export function withoutFolders<Given extends object>(settings: Given): Given {
  return mapPaths(settings, baseName, publicAddress);
}

/** Where data are on this machine, by the paths that settings name. */
export type DataPaths = Readonly<Record<string, string>>;

/** Settings that name data where they are on this machine: to open these, not to be kept. */
export function withDataPaths<Given extends { readonly data: string; readonly unlabelled: string | null }>(
  settings: Given,
  paths: DataPaths = {},
): Given {
  const { data, unlabelled } = settings;
  const pathOf = (path: string) => (Object.hasOwn(paths, path) ? paths[path] : undefined) ?? path;
  return { ...settings, data: pathOf(data), unlabelled: unlabelled === null ? null : pathOf(unlabelled) };
}

/** The paths that settings name beside those of data: of models, runs, weights and artifacts. */
export function modelPaths(settings: { readonly data: string; readonly unlabelled: string | null }): string[] {
  const paths: string[] = [];
  const { data: _, unlabelled: __, ...others } = settings;
  mapPaths(others, (path) => {
    paths.push(path);
    return path;
  });
  return paths;
}

type Map = (text: string) => string;

/** Settings with all paths in them changed; of `pretrained`, what is no path is a name or an address. */
export function mapPaths<Given extends object>(settings: Given, map: Map, mapName: Map = (name) => name): Given {
  const given = settings as Raw;
  const changed = (['data', 'unlabelled', 'artifacts', 'from'] as const).flatMap((key) => {
    const path = given[key];
    return typeof path === 'string' && !(key === 'data' && path === BUILTIN) ? [[key, map(path)]] : [];
  });
  const { nets, pretrained, teacher } = given;
  const hasModel = isSection(teacher) && typeof teacher.model === 'string';
  return {
    ...settings,
    ...Object.fromEntries(changed),
    ...(Array.isArray(nets) && { nets: nets.map((net) => (isModelFile(net) ? map(net) : net)) }),
    ...(Array.isArray(pretrained) && {
      pretrained: pretrained.map((item) => (isPath(String(item)) ? map(String(item)) : mapName(String(item)))),
    }),
    ...(hasModel && { teacher: { ...teacher, model: map(teacher.model as string) } }),
  };
}
