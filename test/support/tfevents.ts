// Reads TensorBoard's event files by their specification alone: TFRecord, and protobuf's wire format.

/** A message's fields by number, each with all its values: numbers, bigints of varints, bytes. */
type Fields = Map<number, (bigint | Uint8Array)[]>;

export interface ReadValue {
  readonly tag: string;
  readonly description?: string;
  readonly number?: number;
  readonly image?: { readonly height: number; readonly width: number; readonly bytes: Uint8Array };
}
export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly version?: string;
  readonly session?: number;
  readonly values?: readonly ReadValue[];
  readonly graph?: readonly { readonly name: string; readonly op: string; readonly inputs: readonly string[] }[];
}

/** All events of a file. A wrong checksum, and what is cut short, are errors. */
export function readEvents(file: Uint8Array): ReadEvent[] {
  return recordsOf(file).map(toEvent);
}

function recordsOf(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const data = file.subarray(at + 12, at + 12 + length);
    if (view.getUint32(at + 8, true) !== masked(file.subarray(at, at + 8))) throw new Error(`length at ${at}`);
    if (view.getUint32(at + 12 + length, true) !== masked(data)) throw new Error(`checksum at ${at}`);
    records.push(data);
    at += length + 16;
  }
  return records;
}

/** CRC-32C bit by bit, as big integers, then TensorFlow's mask. */
function masked(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc % 2n === 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  crc ^= 0xffffffffn;
  return Number(((crc >> 15n) + ((crc << 17n) & 0xffffffffn) + 0xa282ead8n) & 0xffffffffn);
}

function fieldsOf(bytes: Uint8Array): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? Number.NaN;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const take = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const [number, type] = [key >> 3, key & 7];
    const value = type === 0 ? varint() : take(type === 1 ? 8 : type === 5 ? 4 : Number(varint()));
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

const bytesAt = (fields: Fields, n: number) => fields.get(n)?.[0] as Uint8Array | undefined;
const intAt = (fields: Fields, n: number) => Number(fields.get(n)?.[0] ?? 0n);
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const textOf = (bytes: bigint | Uint8Array | undefined) => new TextDecoder().decode(bytes as Uint8Array | undefined);
const messagesAt = (fields: Fields, n: number) => (fields.get(n) ?? []).map((bytes) => fieldsOf(bytes as Uint8Array));

function toEvent(bytes: Uint8Array): ReadEvent {
  const fields = fieldsOf(bytes);
  const [version, graph, [summary], [session]] = [
    bytesAt(fields, 3),
    bytesAt(fields, 4),
    messagesAt(fields, 5),
    messagesAt(fields, 7),
  ];
  return {
    wallTime: viewOf(bytesAt(fields, 1) as Uint8Array).getFloat64(0, true),
    step: intAt(fields, 2),
    ...(version && { version: textOf(version) }),
    ...(graph && { graph: messagesAt(fieldsOf(graph), 1).map(toNode) }),
    ...(summary && { values: messagesAt(summary, 1).map(toValue) }),
    ...(session && { session: intAt(session, 1) }),
  };
}

function toNode(node: Fields) {
  return { name: textOf(bytesAt(node, 1)), op: textOf(bytesAt(node, 2)), inputs: (node.get(3) ?? []).map(textOf) };
}

function toValue(value: Fields): ReadValue {
  const [metadata] = messagesAt(value, 9);
  const [image] = messagesAt(value, 4);
  const number = bytesAt(value, 2);
  return {
    tag: textOf(bytesAt(value, 1)),
    ...(metadata && { description: textOf(bytesAt(metadata, 3)) }),
    ...(number && { number: viewOf(number).getFloat32(0, true) }),
    ...(image && {
      image: { height: intAt(image, 1), width: intAt(image, 2), bytes: bytesAt(image, 4) ?? new Uint8Array() },
    }),
  };
}
