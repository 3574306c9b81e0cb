import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { detectFormat } from '../../src/weights/files/detect-format.js';
import { temporaryFolder } from '../data/helpers.js';

/** A safetensors file of one number whose header is so long. */
function safetensors(length: number): Buffer {
  const header = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'.padEnd(length);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(length));
  return Buffer.concat([size, Buffer.from(header), Buffer.alloc(4)]);
}

describe('the format of a file of weights', () => {
  const formatOf = async (bytes: Buffer) => {
    const path = join(await temporaryFolder(), 'weights');
    await writeFile(path, bytes);
    return detectFormat(path);
  };

  it.each([0x40, 0x80, 0x280, 0x480, 0x580])(
    'is safetensors, whatever the length of the header (%d)',
    async (length) => {
      expect(await formatOf(safetensors(length))).toBe('safetensors');
    },
  );

  it('is none where a pickle is not one of torch.save', async () => {
    await expect(formatOf(Buffer.from('\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00]\x94.', 'latin1'))).rejects.toThrow(
      'a pickle, but none of torch.save',
    );
  });
});
