import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { fail, present } from '../util/error.js';
import { failUnreadable } from '../util/files/files.js';
import { totalLength } from './chunks.js';
import { mapTensors } from './map-tensors.js';
import { DataLocation, type ModelProto, type TensorProto } from './model.js';
import { readWhole } from './read-whole.js';

/**
 * The model with its external data (onnx.proto, `TensorProto.external_data`) as `rawData`: views into the files, each of
 * which is read once. They must lie in `folder`, that of the model, links followed. Errors begin with `where`.
 */
export async function readExternalData(model: ModelProto, folder: string, where: string): Promise<ModelProto> {
  const locations = new Set<string>();
  mapTensors(model, (proto) => {
    if (isExternal(proto)) locations.add(entry(proto, 'location') ?? missingLocation(proto, where));
    return proto;
  });
  if (locations.size === 0) return model;
  const [files, contents] = [new Map<string, Uint8Array>(), new Map<string, Uint8Array>()];
  for (const location of locations) {
    const path = await locate(location, folder, where);
    const content = contents.get(path) ?? (await readWhole(path));
    contents.set(path, content);
    files.set(location, content);
  }
  const size = totalLength([...contents.values()]);
  let left = LARGEST_FACTOR * size;
  return mapTensors(model, (proto) => {
    if (!isExternal(proto)) return proto;
    const filled = withData(proto, files, where);
    left -= filled.rawData?.length ?? 0;
    if (left >= 0) return filled;
    return fail(where, `external data is used again and again, last by ${label(proto)}`, {
      expected: `in all at most ${LARGEST_FACTOR} times the files' ${size} bytes`,
    });
  });
}

/** Tensors may share their data; a file that lets very many do so would be copied as often. */
const LARGEST_FACTOR = 4;

function isExternal(proto: TensorProto): boolean {
  return proto.dataLocation === DataLocation.EXTERNAL;
}

function entry(proto: TensorProto, key: string): string | undefined {
  return proto.externalData?.find((pair) => pair.key === key)?.value;
}

function missingLocation(proto: TensorProto, where: string): never {
  fail(where, `external data of ${label(proto)} has no location`);
}

function label(proto: TensorProto): string {
  return `tensor ${JSON.stringify(proto.name ?? '').slice(0, 200)}`;
}

async function locate(location: string, folder: string, where: string): Promise<string> {
  const what = `external data file ${JSON.stringify(location).slice(0, 200)}`;
  const path = resolve(folder, location);
  const inside = !isAbsolute(location) && isBelow(path, resolve(folder));
  const [realPath, realFolder] = inside ? await realPaths([path, folder], where, what) : [];
  if (realPath && realFolder && isBelow(realPath, realFolder)) return realPath;
  fail(where, `${what} lies outside the model's folder`, { expected: 'a relative path below it' });
}

async function realPaths(paths: readonly string[], where: string, what: string): Promise<string[]> {
  try {
    return await Promise.all(paths.map((path) => realpath(path)));
  } catch (error) {
    failUnreadable(where, error, what);
  }
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function withData(proto: TensorProto, files: ReadonlyMap<string, Uint8Array>, where: string): TensorProto {
  const { externalData, dataLocation, ...rest } = proto;
  const location = entry(proto, 'location');
  const file = present(files.get(location ?? ''), `external data file ${location}`);
  const offset = wholeNumber(proto, 'offset', where) ?? 0;
  const length = wholeNumber(proto, 'length', where) ?? Math.max(0, file.length - offset);
  if (offset + length > file.length) {
    fail(where, `external data of ${label(proto)} ends beyond ${location}`, {
      expected: `at most ${file.length} bytes`,
      got: `${length} bytes at offset ${offset}`,
    });
  }
  return { ...rest, rawData: file.subarray(offset, offset + length) };
}

function wholeNumber(proto: TensorProto, key: string, where: string): number | undefined {
  const text = entry(proto, key);
  if (text === undefined || /^\d{1,15}$/.test(text)) return text === undefined ? undefined : Number(text);
  const got = JSON.stringify(text).slice(0, 200);
  fail(where, `external data of ${label(proto)} has a wrong ${key}`, { expected: 'a whole number of bytes', got });
}
