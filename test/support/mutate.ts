import type { Random } from '../../src/util/random.js';

type Path = readonly (string | number)[];

/**
 * A copy of what a file holds, plain objects and lists, with one thing in it changed: a number or text replaced (texts also by
 * each other), an item of a list dropped, doubled or exchanged with another, bytes cut, a field left out.
 */
export function mutate<T>(content: T, random: Random): T {
  const places = [...placesIn(content, [])];
  const texts = [...new Set(places.map((path) => at(content, path)).filter((value) => typeof value === 'string'))];
  const path = places[random.below(places.length)] as Path;
  return changed(content, path, (value) => mutateValue(value, texts, random)) as T;
}

function* placesIn(value: unknown, path: Path): Generator<Path> {
  yield path;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  for (const [key, part] of Object.entries(value)) {
    yield* placesIn(part, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], value);
}

function changed(value: unknown, [key, ...rest]: Path, change: (value: unknown) => unknown): unknown {
  if (key === undefined) return change(value);
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>;
  const replaced = changed(copy[key], rest, change);
  if (replaced === undefined) delete copy[key];
  else copy[key] = replaced;
  return copy;
}

const NUMBERS = [0, 1, -1, 2, 3, 7, 255, 65_536, 2 ** 31, 2 ** 40, 2 ** 53 - 1, -(2 ** 31), 0.5];
const TEXTS = [
  '',
  'constructor',
  '__proto__',
  'x'.repeat(300),
  'Identity',
  'Flatten',
  'Reshape',
  'ConstantOfShape',
  '../a',
];

function pick<T>(list: readonly T[], random: Random): T {
  return list[random.below(list.length)] as T;
}

function mutateValue(value: unknown, texts: readonly unknown[], random: Random): unknown {
  if (typeof value === 'number') return pick(NUMBERS, random);
  if (typeof value === 'bigint') return BigInt(Math.trunc(pick(NUMBERS, random)));
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return pick([...texts, ...TEXTS], random);
  if (ArrayBuffer.isView(value))
    return (value as Uint8Array).subarray(0, random.below((value as Uint8Array).length + 1));
  if (Array.isArray(value)) return mutateList(value, random);
  return typeof value === 'object' && value !== null ? without(value, random) : value;
}

function mutateList(list: readonly unknown[], random: Random): unknown[] {
  const copy = [...list];
  const [i, j] = [random.below(copy.length), random.below(copy.length)];
  if (random.uniform() < 1 / 3) copy.splice(i, 1);
  else if (random.uniform() < 1 / 2) copy.splice(i, 0, copy[j]);
  else [copy[i], copy[j]] = [copy[j], copy[i]];
  return copy.filter((item) => item !== undefined);
}

function without(value: object, random: Random): object {
  const entries = Object.entries(value);
  entries.splice(random.below(entries.length), 1);
  return Object.fromEntries(entries);
}
