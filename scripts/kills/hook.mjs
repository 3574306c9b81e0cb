/**
 * Loaded first into a process that is to be killed where it writes. `AGON_KILL` says at what point and when, as JSON
 * {"point": "rename last.safetensors", "count": 2, "when": "before" | "within" | "after"}; `AGON_POINTS` names a file to which all points
 * are written. A point is a change that the process makes to a file, told by its kind and the file's name, and counted.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import worker from 'node:worker_threads';

const kill = process.env.AGON_KILL ? JSON.parse(process.env.AGON_KILL) : undefined;
const record = process.env.AGON_POINTS;
const counts = new Map();
const original = { ...fs, promises: { ...fs.promises } };
/** Open files by descriptor. */
const names = new Map();

/** A file's name; those under way have a number at the end, or a random one at the beginning. */
function nameOf(path) {
  return basename(String(path))
    .replace(/^\.(.*)-[0-9a-f-]{36}/, '.$1-*')
    .replace(/\.\d+(?=$|\.claim$)/, '.*');
}

/** Where a point is the one to be killed at: when. */
function reached(kind, path) {
  const point = `${kind} ${nameOf(path)}`;
  const count = (counts.get(point) ?? 0) + 1;
  counts.set(point, count);
  if (record) original.appendFileSync(record, `${JSON.stringify({ point, count })}\n`);
  return kill?.point === point && kill.count === count ? kill.when : undefined;
}

function die() {
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** An operation that happens at once or not at all. */
function atOnce(kind, run, pathOf = (path) => path) {
  return async (...args) => {
    const when = reached(kind, pathOf(...args));
    if (when === 'before') die();
    try {
      return await run(...args);
    } finally {
      // Also where it fails: a link where there is a lock.
      if (when === 'after') die();
    }
  };
}

/** An operation on bytes: `part` writes the first half of them. */
function onBytes(kind, path, run, part) {
  return async (...args) => {
    const when = reached(kind, path);
    if (when === 'before') die();
    if (when === 'within') {
      await part(...args);
      die();
    }
    const result = await run(...args);
    if (when === 'after') die();
    return result;
  };
}

const half = (bytes) => Buffer.from(bytes).subarray(0, Math.ceil(Buffer.from(bytes).length / 2));

function watch(handle, path) {
  const [write, writeFile, sync] = [handle.write.bind(handle), handle.writeFile.bind(handle), handle.sync.bind(handle)];
  handle.write = onBytes('write', path, write, (bytes) => write(half(bytes)));
  handle.writeFile = onBytes('write', path, writeFile, (bytes) => writeFile(half(bytes)));
  handle.sync = atOnce('sync', sync, () => path);
  return handle;
}

const { promises } = fs;
promises.open = async (path, flags = 'r', ...rest) => {
  if (!/[wa]/.test(String(flags))) return original.promises.open(path, flags, ...rest);
  return watch(await atOnce('create', original.promises.open)(path, flags, ...rest), path);
};
promises.appendFile = (path, bytes, ...rest) =>
  onBytes('append', path, original.promises.appendFile, (_, all) => original.promises.appendFile(path, half(all)))(
    path,
    bytes,
    ...rest,
  );
promises.rename = atOnce('rename to', original.promises.rename, (_, to) => to);
promises.link = atOnce('link', original.promises.link, (_, to) => to);
promises.truncate = atOnce('truncate', original.promises.truncate);
promises.rm = async (path, ...rest) => {
  // Most removals find nothing.
  return original.existsSync(path)
    ? atOnce('remove', original.promises.rm)(path, ...rest)
    : original.promises.rm(path, ...rest);
};
fs.openSync = (path, flags, ...rest) => {
  const file = original.openSync(path, flags, ...rest);
  names.set(file, path);
  return file;
};
fs.writeSync = (file, bytes, ...rest) => {
  const path = names.get(file);
  const type = path && /^\{"type":"(\w+)"/.exec(Buffer.from(bytes).toString('latin1', 0, 40))?.[1];
  if (!type) return original.writeSync(file, bytes, ...rest);
  const when = reached(`append ${type} to`, path);
  if (when === 'before') die();
  if (when === 'within') {
    original.writeSync(file, half(bytes));
    die();
  }
  const written = original.writeSync(file, bytes, ...rest);
  if (when === 'after') die();
  return written;
};

const { Worker } = worker;
worker.Worker = class extends Worker {
  constructor(file, options = {}) {
    const flags = options.execArgv ?? process.execArgv;
    super(file, { ...options, execArgv: [...flags, '--import', import.meta.url] });
  }
};
syncBuiltinESMExports();
