import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LineageStep } from '../../src/lineage/lineage.js';
import { LineageFile, readLineage, readLineageHeader } from '../../src/lineage/lineage-file.js';
import type { LineageHeader } from '../../src/lineage/lineage-header.js';
import { temporaryFolder } from '../run/runs.js';

const HEADER: LineageHeader = { networks: ['a', 'ünï', 'a'], stepsPerEpoch: 4, operations: ['mixup', 'noise'] };
const HEAD =
  '{"format":"agon-lineage","version":1,"networks":["a","ünï","a"],"stepsPerEpoch":4,"operations":["mixup","noise"]}\n';
/** 21 bytes, three KL divergences, nine bits. */
const RECORD = 21 + 12 + 2;

const teachers = [
  [false, true, false],
  [false, false, false],
  [true, true, false],
];

/** Numbers that float32 has. */
const STEPS: readonly LineageStep[] = [
  { teachers, winner: 1, margin: 0.125, kl: [0.5, 0, 3] },
  {
    teachers: teachers.map((row) => row.map(() => false)),
    winner: 2,
    margin: 0,
    kl: [0, 0, 0],
    inputPerturbation: { network: 2, operation: 'noise', difference: -0.75 },
    parameterPerturbation: { network: 0, operation: 'crossover', mate: 2 },
    verdict: { network: 0, operation: 'crossover', kept: true, gain: 0.25 },
  },
  {
    teachers,
    winner: 0,
    margin: 2,
    kl: [1, 2, 3],
    inputPerturbation: { network: 0, operation: 'mixup', difference: 0 },
    parameterPerturbation: { network: 1, operation: 'mutation', mate: null },
  },
  {
    teachers,
    winner: 1,
    margin: 1,
    kl: [1, 1, 1],
    verdict: { network: 1, operation: 'mutation', kept: false, gain: -4 },
  },
];

async function written(steps = STEPS): Promise<string> {
  const path = join(await temporaryFolder(), 'lineage.bin');
  const file = new LineageFile(path, HEADER);
  for (const [i, step] of steps.entries()) {
    file.append(step);
    if (i === 1) await file.flush();
  }
  await file.flush();
  return path;
}

describe('a lineage file', () => {
  it('comes back as it was written', async () => {
    expect(await readLineage(await written())).toEqual({
      ...HEADER,
      steps: STEPS,
    });
  });

  it('is a line of JSON and records of one size', async () => {
    const bytes = await readFile(await written());
    const head = Buffer.from(HEAD);
    expect(bytes.subarray(0, head.length)).toEqual(head);
    expect(bytes.length).toBe(head.length + STEPS.length * RECORD);
    const record = bytes.subarray(head.length + RECORD, head.length + 2 * RECORD);
    // Known, input, parameters, verdict, kept.
    expect([...record.subarray(0, 9)]).toEqual([1 + 2 + 4 + 8 + 16, 2, 2, 1, 0, 1, 2, 0, 1]);
    expect([9, 13, 17].map((at) => record.readFloatLE(at))).toEqual([0, -0.75, 0.25]);
    const first = bytes.subarray(head.length, head.length + RECORD);
    expect([...first.subarray(0, 2)]).toEqual([1, 1]);
    expect([9, 21, 25, 29].map((at) => first.readFloatLE(at))).toEqual([0.125, 0.5, 0, 3]);
    // Bits 1, 6 and 7 of nine.
    expect([...first.subarray(33)]).toEqual([2 + 64 + 128, 0]);
  });

  it('is not there before the first flush', async () => {
    const path = join(await temporaryFolder(), 'lineage.bin');
    const file = new LineageFile(path, HEADER);
    await file.flush();
    file.append(STEPS[0] as LineageStep);
    await expect(readLineage(path)).rejects.toThrow(`${path}: there is no lineage. Name the folder of a run`);
    await file.flush();
    expect((await readLineage(path)).steps).toEqual(STEPS.slice(0, 1));
  });

  it.each([
    ['more steps than the checkpoint', 4, 0],
    ['half a step', 3, -RECORD + 7],
    ['less than its header', 0, -4 * RECORD - 30],
    ['nothing', 0, Number.NEGATIVE_INFINITY],
  ])('that holds %s is written to its end by a run that goes on', async (_, count, change) => {
    const path = await written();
    const size = (await readFile(path)).length;
    await truncate(path, Math.max(0, size + change));
    const kept = Math.min(count, 2);
    const file = new LineageFile(path, HEADER);
    expect(await file.resumeAt(kept)).toBe(0);
    for (const step of STEPS.slice(kept)) file.append(step);
    await file.flush();
    expect(await readFile(path)).toEqual(await readFile(await written()));
  });

  it('that lacks steps of the checkpoint gets a gap', async () => {
    const path = await written();
    await truncate(path, Buffer.byteLength(HEAD) + RECORD + 9);
    const file = new LineageFile(path, HEADER);
    expect(await file.resumeAt(3)).toBe(2);
    file.append(STEPS[3] as LineageStep);
    await file.flush();
    expect((await readLineage(path)).steps).toEqual([STEPS[0], undefined, undefined, STEPS[3]]);
  });

  it('of another run is not gone on with', async () => {
    const path = await written();
    const before = await readFile(path);
    const file = new LineageFile(path, { ...HEADER, networks: ['a', 'b', 'c'] });
    await expect(file.resumeAt(1)).rejects.toThrow(`${path}: not this run's lineage. Move it out of the folder`);
    expect(await readFile(path)).toEqual(before);
  });

  it('that is cut short, damaged or something else is an error that names it', async () => {
    const path = await written();
    await appendFile(path, new Uint8Array(7));
    await expect(readLineage(path)).rejects.toThrow(
      `${path}: is cut short in a step: expected records of 35 bytes, got 147 bytes of records. Going on with the run`,
    );
    const bytes = await readFile(await written());
    bytes[Buffer.byteLength(HEAD) + RECORD + 1] = 3;
    await writeFile(path, bytes);
    await expect(readLineage(path)).rejects.toThrow(`${path}, step 1: is damaged: got network 3`);
    for (const text of ['', '{"format":"other"}\n', 'no line', '[]\n']) {
      await writeFile(path, text);
      await expect(readLineage(path)).rejects.toThrow(`${path}: not a run's lineage`);
    }
  });

  it.each<[string, (head: Record<string, unknown>) => void, string]>([
    [
      'of a newer version',
      (head) => (head.version = 2),
      'this lineage was written by a newer Agon: format version 2, this one reads up to 1',
    ],
    [
      'without networks',
      (head) => (head.networks = []),
      'its first line is damaged: networks: expected array to have >=1 items, got []',
    ],
    ['of 300 networks', (head) => (head.networks = new Array(300).fill('a')), 'networks or operations: expected 255'],
    [
      'without steps',
      (head) => (head.stepsPerEpoch = 0),
      'its first line is damaged: stepsPerEpoch: expected number to be >=1, got 0',
    ],
    ['with operations that are no list', (head) => (head.operations = 'a'), 'its first line is damaged: operations: '],
  ])('%s is an error that names it', async (_, damage, message) => {
    const path = await written();
    const head = JSON.parse(HEAD);
    damage(head);
    await writeFile(path, `${JSON.stringify(head)}\n`);
    await expect(readLineage(path)).rejects.toThrow(`${path}: ${message}`);
    await expect(readLineageHeader(path)).rejects.toThrow(`${path}: ${message}`);
  });

  it('says what it is without its steps being read', async () => {
    const path = await written();
    await appendFile(path, new Uint8Array(7));
    expect(await readLineageHeader(path)).toEqual(HEADER);
  });

  it('has no numbers for more than 255 networks', () => {
    const networks = new Array<string>(256).fill('a');
    expect(() => new LineageFile('lineage.bin', { ...HEADER, networks })).toThrow(
      'lineage.bin: networks or operations: expected 255 at most, got 256',
    );
  });
});
