import { withRegularFile } from '../util/files/read-parts.js';
import { headerEnd, PREFIX_SIZE, readHeader } from './safetensors-header.js';

/** The free text of a safetensors file by key, without reading its tensors. */
export async function readSafetensorsMetadata(path: string): Promise<Readonly<Record<string, string>>> {
  return withRegularFile(path, async ({ size, read }) => {
    const end = headerEnd(await read(0, Math.min(size, PREFIX_SIZE)), size, path);
    return readHeader(await read(0, end), size, path).metadata;
  });
}
