/** What the first directory of a TIFF says of its samples. */
export interface TiffHeader {
  /** Bits of each channel. */
  readonly bits: readonly number[];
  readonly format: number;
  readonly photometric: number;
  readonly channels: number;
  /** What the channels after those of the colour are: 1 and 2 are transparency, 0 isn't said. */
  readonly extra: readonly number[];
  /** Whether it is the preview of a camera's raw image. */
  readonly preview: boolean;
}

const TAGS = { subfile: 254, bits: 258, photometric: 262, channels: 277, extra: 338, format: 339, dng: 50706 };
const SIZES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 16: 8 };

/** Reads the header of a TIFF or BigTIFF; undefined where it is damaged, which the decoder then says. */
export function readTiffHeader(bytes: Uint8Array): TiffHeader | undefined {
  try {
    const tags = readTags(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const list = (tag: keyof typeof TAGS) => tags.get(TAGS[tag]) ?? [];
    const one = (tag: keyof typeof TAGS, usual: number) => list(tag)[0] ?? usual;
    const isCr2 = Buffer.from(bytes.subarray(8, 10)).toString('latin1') === 'CR';
    return {
      bits: tags.get(TAGS.bits) ?? [1],
      format: one('format', 1),
      photometric: one('photometric', 1),
      channels: one('channels', 1),
      extra: list('extra'),
      preview: isCr2 || tags.has(TAGS.dng) || (one('subfile', 0) & 1) === 1,
    };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The numbers of each tag. Out of the file's bounds is a RangeError. */
function readTags(view: DataView): Map<number, readonly number[]> {
  const little = view.getUint8(0) === 0x49;
  const big = view.getUint16(2, little) === 43;
  const wide = (at: number) => (big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  const start = wide(big ? 8 : 4);
  const count = big ? wide(start) : view.getUint16(start, little);
  const entry = big ? 20 : 12;
  const tags = new Map<number, readonly number[]>();
  for (let i = 0, at = start + (big ? 8 : 2); i < count; i++, at += entry) {
    const [tag, type, length] = [view.getUint16(at, little), view.getUint16(at + 2, little), wide(at + 4)];
    const size = SIZES[type];
    if (size === undefined || length > MOST_VALUES || !Object.values(TAGS).includes(tag)) continue;
    const own = at + (big ? 12 : 8);
    const from = size * length <= (big ? 8 : 4) ? own : wide(own);
    tags.set(tag, readNumbers(view, from, size, length, little));
  }
  return tags;
}

const MOST_VALUES = 1024;

function readNumbers(view: DataView, from: number, size: number, length: number, little: boolean): number[] {
  return Array.from({ length }, (_, i) => {
    const at = from + i * size;
    if (size === 1) return view.getUint8(at);
    if (size === 2) return view.getUint16(at, little);
    return size === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little));
  });
}

/** Photometric interpretations of grey. */
const GREY = [0, 1];
const FORMATS: Readonly<Record<number, string>> = { 2: 'signed', 3: 'float', 5: 'complex', 6: 'complex' };

/** Why a TIFF is not read: samples of unknown scale, or channels of unknown meaning. */
export function tiffFault({ bits, format, photometric, channels, preview }: TiffHeader): string | undefined {
  if (preview) return 'a raw image of a camera, or the preview of one: convert it to JPEG or PNG';
  const [width = 1] = bits;
  if (FORMATS[format] || ![1, 2, 4, 8, 16].includes(width)) {
    return `its samples are ${width}-bit ${FORMATS[format] ?? 'unsigned'}, and nothing says which values are black and white: save it with 8 or 16 bits, unsigned, at one scale for all images`;
  }
  if (GREY.includes(photometric) && channels > 2) {
    return `it has ${channels} channels, and nothing says which are red, green and blue: save it as grey or RGB`;
  }
  return undefined;
}

/** Whether its last channel says how transparent it is. A channel that nothing is said of is none: in aerial images it is infrared. */
export function hasTransparency({ extra }: TiffHeader): boolean {
  return extra[0] === 1 || extra[0] === 2;
}
