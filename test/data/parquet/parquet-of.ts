import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';

/** A row of a parquet file as Hugging Face's libraries write it. */
export interface ParquetRow {
  readonly bytes: Uint8Array | null;
  readonly label: number | null;
}

/** The bytes of a parquet file with a struct of bytes and path, and a label that stands for one of the names. */
export function parquetOf(
  rows: readonly ParquetRow[],
  names?: readonly string[],
  codec: 'SNAPPY' | 'UNCOMPRESSED' = 'SNAPPY',
): Buffer {
  const image = rows.map(({ bytes }, i) => ({ bytes, path: `${i}.png` }));
  const label = rows.map((row) => (row.label === null ? null : BigInt(row.label)));
  const columnData: ColumnSource[] = [
    { name: 'image', data: image },
    { name: 'label', data: label },
  ];
  const optional = { repetition_type: 'OPTIONAL' } as const;
  const info = { features: { image: { _type: 'Image' }, label: { names, _type: 'ClassLabel' } } };
  const buffer = parquetWriteBuffer({
    codec,
    statistics: false,
    rowGroupSize: 2,
    columnData,
    schema: [
      { name: 'root', num_children: 2 },
      { name: 'image', num_children: 2, ...optional },
      { name: 'bytes', type: 'BYTE_ARRAY', ...optional },
      { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', ...optional },
      { name: 'label', type: 'INT64', ...optional },
    ],
    ...(names && { kvMetadata: [{ key: 'huggingface', value: JSON.stringify({ info }) }] }),
  });
  return Buffer.from(buffer);
}
