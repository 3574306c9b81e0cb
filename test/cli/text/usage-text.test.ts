import { expect, it } from 'vitest';
import { agon } from '../command-line.js';

it.each([
  ['trian', 'trian: there is no such command. Did you mean "train"?'],
  ['artifacts shw', 'shw: there is no such command. Did you mean "show"?'],
  ['lineage x --stps', '--stps: there is no such option. Did you mean "--steps"?'],
  ['lineage x --against', '--against: has no value: expected <run>'],
  ['lineage', '<run>: is missing'],
  ['lineage a b', 'lineage: too many arguments: expected 1, got 2'],
  ['export a --network 1 --ensemble', "--ensemble: can't go with --network. Leave one of them out"],
  ['export a --checkpoint beast', '--checkpoint: there is no "beast". Did you mean "best"?'],
])('agon %s', async (args, expected) => {
  const { exitCode, stderr } = await agon(args);
  expect([exitCode, stderr]).toEqual([2, `error: ${expected}\n`]);
});

it('help and version are no errors', async () => {
  expect(await agon('lineage --help')).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await agon('--version')).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await agon('')).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/^Usage: agon/) });
});
