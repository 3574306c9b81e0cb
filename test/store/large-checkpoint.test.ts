import { open } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSafetensorsFile } from '../../src/onnx/files/safetensors-file.js';
import { safetensorsParts } from '../../src/onnx/safetensors.js';
import type { Tensor } from '../../src/onnx/tensor.js';
import { temporaryFolder } from '../run/runs.js';

const MIB = 2 ** 20;
/** Four large networks with AdamW have about 3 GB; here all tensors are the same memory, so that little of it is needed. */
const TENSORS = 11;
const VALUES = 64 * MIB;

function largeState(): Map<string, Tensor> {
  const data = new Float32Array(VALUES);
  data[0] = 1;
  data[VALUES - 1] = 2;
  return new Map(Array.from({ length: TENSORS }, (_, i) => [`net0.${i}`, { dtype: 'float32', dims: [VALUES], data }]));
}

it('a state of 3 GB is written in parts that are no copies', () => {
  const state = largeState();
  const [{ data }] = [...state.values()] as [Tensor];
  const parts = [...safetensorsParts(state, { format: 'x' })];
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  expect(size).toBeGreaterThan(TENSORS * VALUES * 4);
  expect(parts.slice(2).every(({ buffer }) => buffer === (data as Float32Array).buffer)).toBe(true);
});

it('a file of more than 2 GiB is read', async ({ skip }) => {
  if (freemem() < 6 * 2 ** 30) return skip('too little memory for 3 GB of tensors');
  const path = join(await temporaryFolder(), 'large.safetensors');
  const [prefix, header] = [...safetensorsParts(largeState())] as [Uint8Array, Uint8Array];
  const begin = prefix.length + header.length;
  const end = begin + TENSORS * VALUES * 4;
  // A sparse file: what isn't written is zeros, and takes no room.
  const file = await open(path, 'w');
  await file.write(Buffer.concat([prefix, header]));
  await file.truncate(end);
  const [first, last] = [Buffer.from(Float32Array.of(1.5).buffer), Buffer.from(Float32Array.of(-2.5).buffer)];
  await file.write(first, 0, 4, begin);
  await file.write(last, 0, 4, end - 4);
  await file.close();
  const { tensors } = await readSafetensorsFile(path);
  const values = [...tensors.values()].map(({ data }) => data as Float32Array);
  expect(values.map(({ length }) => length)).toEqual(new Array(TENSORS).fill(VALUES));
  expect([values[0]?.[0], values[0]?.[1], values.at(-1)?.at(-1)]).toEqual([1.5, 0, -2.5]);
});
