import type { FileMetaData } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';

type ColumnChunk = FileMetaData['row_groups'][number]['columns'][number];

/** Where the pages of a column chunk are in the file. */
export function chunkRange({ meta_data: chunk }: ColumnChunk): { readonly start: number; readonly end: number } {
  if (!chunk) throw new Error('a column has no metadata');
  const first = Number(chunk.data_page_offset);
  const start = chunk.dictionary_page_offset ? Math.min(first, Number(chunk.dictionary_page_offset)) : first;
  return { start, end: start + Number(chunk.total_compressed_size) };
}

/**
 * Fails where the headers of a column chunk's pages can't be: of a size that doesn't fit in it, or of more values than the chunk has. A
 * reader that trusts them would never come to an end.
 *
 * @param bytes - the chunk.
 */
export function checkPages(bytes: ArrayBuffer, { meta_data: chunk }: ColumnChunk): void {
  const values = Number(chunk?.num_values);
  const reader = { view: new DataView(bytes), offset: 0 };
  for (let left = values; left > 0; ) {
    if (reader.offset >= bytes.byteLength) throw new Error('its pages have fewer values than its columns');
    const header = parquetHeader(reader);
    const { compressed_page_size: packed, uncompressed_page_size: unpacked } = header;
    if (!(packed >= 0 && reader.offset + packed <= bytes.byteLength && unpacked >= 0 && unpacked <= LARGEST_PAGE)) {
      throw new Error(`it has a page of ${packed} bytes, ${unpacked} unpacked`);
    }
    const page = header.data_page_header ?? header.data_page_header_v2;
    const count = page?.num_values ?? header.dictionary_page_header?.num_values ?? -1;
    if (!(count >= 0 && count <= values)) throw new Error(`it has a page of ${count} values`);
    const second = header.data_page_header_v2;
    if (second) {
      const { repetition_levels_byte_length: repetition, definition_levels_byte_length: definition } = second;
      const areLengths = repetition >= 0 && definition >= 0 && repetition + definition <= packed;
      if (!areLengths || !(second.num_nulls >= 0) || !(second.num_rows >= 0))
        throw new Error('it has a page of odd levels');
    }
    reader.offset += packed;
    left -= page ? count : 0;
  }
}

/** A page with more bytes is refused. */
const LARGEST_PAGE = 2 ** 31;
