import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SETTINGS } from '../../../src/cli/flags/setting-schema.js';
import { readSettingsFile } from '../../../src/cli/flags/settings-file.js';
import { parseSettings } from '../../../src/settings/settings.js';
import { agon } from '../command-line.js';

interface Schema {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly [word: string]: unknown;
}

async function printed(): Promise<Schema> {
  const { exitCode, stdout, stderr } = await agon('train --schema');
  expect([exitCode, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Schema;
}

/** All that a schema may be at a path. */
function at(schema: Schema, [key, ...rest]: readonly string[]): Schema[] {
  const all = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  if (key === undefined) return [schema];
  return all.flatMap(({ properties }) => (properties?.[key] ? at(properties[key], rest) : []));
}

describe('agon train --schema', () => {
  it('prints a JSON Schema with every setting, what it does and its default', async () => {
    const schema = await printed();
    expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' });
    for (const { path, value, meta } of SETTINGS) {
      const found = at(schema, path.at(-1) === 'name' ? path.slice(0, -1) : path);
      expect(found.length, path.join('.')).toBeGreaterThan(0);
      expect(found[0]?.description, path.join('.')).toBe(meta.description);
      if (path.at(-1) !== 'name') expect(found[0]?.default, path.join('.')).toEqual(value ?? found[0]?.default);
    }
    expect(at(schema, ['batchSize'])).toMatchObject([
      { anyOf: [{ type: 'integer', minimum: 2 }, { const: 'auto' }], default: 128 },
    ]);
    expect(at(schema, ['optimizer', 'lr']).map(({ default: value }) => value)).toEqual([0.1, 1e-3]);
  });

  it('holds nothing that only Agon understands', async () => {
    const words = new Set<string>();
    const collect = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, inner] of Object.entries(value)) {
        if (key !== 'properties') words.add(key);
        for (const each of key === 'properties' ? Object.values(inner as object) : [inner]) collect(each);
      }
    };
    collect(await printed());
    for (const word of ['flag', 'group', 'help', 'otherwise', 'turnsOff']) expect([...words]).not.toContain(word);
  });

  it('lets pass what a run records, and what a user writes, and nothing else', async () => {
    const schema = z.fromJSONSchema((await printed()) as Parameters<typeof z.fromJSONSchema>[0]);
    const accepts = (value: unknown) => schema.safeParse(value).success;
    const recorded = JSON.parse(JSON.stringify(parseSettings({ preset: 'cd-paper', teacher: { model: 'x.onnx' } })));
    expect(accepts({ version: 1, ...recorded })).toBe(true);
    expect(accepts({})).toBe(true);
    expect(accepts({ $schema: './agon.json', epochs: 3, optimizer: { name: 'adamw' } })).toBe(true);
    expect(accepts({ inputPerturbation: { pool: 'paper', when: { probability: 0.5 } } })).toBe(true);
    for (const wrong of [
      { epoch: 3 },
      { epochs: 0 },
      { rule: 'argmax' },
      { optimizer: { name: 'sgd', betas: [0, 0] } },
    ])
      expect(accepts(wrong), JSON.stringify(wrong)).toBe(false);
  });

  it('may be named in a file of settings', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'agon-schema-')), 'my.json');
    await writeFile(path, '{"$schema": "./agon.schema.json", "epochs": 3}');
    expect(await readSettingsFile(path)).toEqual({ epochs: 3 });
    await writeFile(path, '{"$schemas": "./agon.schema.json"}');
    await expect(readSettingsFile(path)).rejects.toThrow('unknown setting "$schemas"');
  });
});
