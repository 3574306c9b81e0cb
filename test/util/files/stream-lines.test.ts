import { expect, it } from 'vitest';
import { streamLines } from '../../../src/util/files/stream-lines.js';

async function lines(...chunks: (string | Uint8Array)[]): Promise<string[]> {
  const all: string[] = [];
  for await (const line of streamLines(chunks)) all.push(line);
  return all;
}

it('lines of a stream are whole, however it is cut', async () => {
  const bytes = new TextEncoder().encode('\uFEFFä.png\r\nb c.png\n\nlast');
  for (const at of bytes.keys()) {
    expect(await lines(bytes.subarray(0, at), bytes.subarray(at))).toEqual(['ä.png', 'b c.png', '', 'last']);
  }
  expect(await lines('a\nb', 'c\n')).toEqual(['a', 'bc']);
  expect(await lines()).toEqual([]);
});
