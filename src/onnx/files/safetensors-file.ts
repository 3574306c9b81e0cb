import { withRegularFile } from '../../util/files/read-parts.js';
import { checkLayout, type Safetensors } from '../safetensors.js';
import { headerEnd, PREFIX_SIZE, readHeader } from '../safetensors-header.js';
import type { Tensor } from '../tensor.js';
import { viewElements } from '../view-elements.js';

/**
 * Reads a safetensors file as `readSafetensors` does, each tensor into memory of its own: a file may be larger than
 * any buffer can be.
 */
export async function readSafetensorsFile(path: string): Promise<Safetensors> {
  return withRegularFile(path, async ({ size, read }) => {
    const prefix = await read(0, Math.min(size, PREFIX_SIZE));
    const { entries, metadata, dataStart } = readHeader(await read(0, headerEnd(prefix, size, path)), size, path);
    checkLayout(entries, size - dataStart, path);
    const tensors = new Map<string, Tensor>();
    for (const { key, where, dtype, dims, begin, end } of entries) {
      tensors.set(key, viewElements(dtype, dims, await read(dataStart + begin, dataStart + end), where));
    }
    return { tensors, metadata };
  });
}

/** The free text of a safetensors file by key, without reading its tensors. */
export async function readSafetensorsMetadata(path: string): Promise<Readonly<Record<string, string>>> {
  return withRegularFile(path, async ({ size, read }) => {
    const end = headerEnd(await read(0, Math.min(size, PREFIX_SIZE)), size, path);
    return readHeader(await read(0, end), size, path).metadata;
  });
}
