/** The image types that are read. */
export type ImageType = 'JPEG' | 'PNG' | 'WebP' | 'GIF' | 'TIFF' | 'AVIF' | 'BMP';

/** What a file is by its first bytes: an image type that is read, or why the file is not read and what to do. */
export type FileKind = { readonly type: ImageType } | { readonly reason: string };

/** So many of a file's first bytes tell what it is. */
export const SNIFFED_BYTES = 4096;

/** What a file is by its first {@link SNIFFED_BYTES}, whatever its name says. */
export function kindOf(bytes: Uint8Array): FileKind {
  if (bytes.length === 0) return { reason: 'the file is empty' };
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, SNIFFED_BYTES)).toString('latin1');
  const type = READ.find(([, ...beginnings]) => begins(head, beginnings))?.[0];
  if (type) return { type };
  if (head.slice(4, 8) === 'ftyp') return kindOfContainer(head);
  const other = NOT_READ.find(([, ...beginnings]) => begins(head, beginnings));
  return { reason: other ? other[0] : kindOfText(head) };
}

const CONVERT = 'convert it to JPEG or PNG';
const RAW = 'a raw image of a camera';
const VIDEO = 'a video: save frames of it as JPEG';
const SVG = 'SVG, a drawing without pixels of its own: export it as PNG';

/** The bytes that a file begins with, as Latin-1; `?` stands for any. */
const READ: readonly (readonly [ImageType, ...beginnings: string[]])[] = [
  ['JPEG', '\xff\xd8\xff'],
  ['PNG', '\x89PNG\r\n\x1a\n'],
  ['WebP', 'RIFF????WEBP'],
  ['GIF', 'GIF87a', 'GIF89a'],
  ['TIFF', 'II*\0', 'MM\0*', 'II+\0', 'MM\0+'],
  // The size of the second header tells bitmaps from texts that begin with BM.
  ['BMP', ...[12, 16, 40, 52, 56, 64, 108, 124].map((size) => `BM????????????${String.fromCharCode(size)}\0\0\0`)],
];

const NOT_READ: readonly (readonly [reason: string, ...beginnings: string[]])[] = [
  [`JPEG XL: ${CONVERT}`, '\xff\x0a', '\0\0\0\x0cJXL '],
  [`JPEG 2000: ${CONVERT}`, '\xff\x4f\xff\x51', '\0\0\0\x0cjP  '],
  [`a Photoshop file: ${CONVERT}`, '8BPS\0'],
  ['PDF: export its pages as PNG', '%PDF'],
  [`an icon: ${CONVERT}`, '\0\0\x01\0?\0', '\0\0\x02\0?\0'],
  [`OpenEXR, whose scale isn't known: ${CONVERT}`, '\x76\x2f\x31\x01'],
  [`Radiance HDR, whose scale isn't known: ${CONVERT}`, '#?RADIANCE', '#?RGBE'],
  [`${RAW}: ${CONVERT}`, 'IIRO', 'IIRS', 'MMOR', 'IIU\0', 'FUJIFILMCCD-RAW', 'II\x1a\0\0\0HEAPCCDR'],
  [`PNM: ${CONVERT}`, ...['P1', 'P2', 'P3', 'P4', 'P5', 'P6', 'P7'].flatMap((magic) => [`${magic}\n`, `${magic} `])],
  [`QOI: ${CONVERT}`, 'qoif'],
  [`FITS, whose scale isn't known: ${CONVERT}`, 'SIMPLE  ='],
  [`DICOM, whose scale isn't known: ${CONVERT}`, `${'?'.repeat(128)}DICM`],
  ['an array of NumPy: save its images as PNG', '\x93NUMPY'],
  ['HDF5: save its images as PNG', '\x89HDF\r\n'],
  ['a ZIP archive: unpack it', 'PK\x03\x04', 'PK\x05\x06'],
  ['compressed with gzip: unpack it', '\x1f\x8b'],
  ['a 7-Zip archive: unpack it', '7z\xbc\xaf'],
  ['a RAR archive: unpack it', 'Rar!'],
  [VIDEO, '\x1aE\xdf\xa3', 'RIFF????AVI ', '\0\0\x01\xba', '\0\0\x01\xb3'],
];

function begins(head: string, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) => {
    if (head.length < beginning.length) return false;
    for (let i = 0; i < beginning.length; i++) {
      if (beginning[i] !== '?' && beginning[i] !== head[i]) return false;
    }
    return true;
  });
}

const HEIC = /^(he[iv][cmsx]|mif[12]|msf1)$/;

/** The ISO base media format holds images and videos; its brands say which: the main one, then the compatible ones. */
function kindOfContainer(head: string): FileKind {
  const length = Buffer.from(head.slice(0, 4), 'latin1').readUInt32BE();
  const text = head.slice(8, Math.max(12, length));
  const brands = Array.from({ length: Math.floor(text.length / 4) }, (_, i) => text.slice(4 * i, 4 * i + 4));
  if (brands.includes('avif') || brands.includes('avis')) return { type: 'AVIF' };
  if (brands.some((brand) => HEIC.test(brand))) return { reason: 'HEIC, as iPhones write it: convert it to JPEG' };
  if (brands.includes('crx ')) return { reason: `${RAW}: ${CONVERT}` };
  if (brands.includes('jxl ')) return { reason: `JPEG XL: ${CONVERT}` };
  return { reason: VIDEO };
}

function kindOfText(head: string): string {
  if ([...head].every((character) => character === '\0')) return 'only zeros: the file is damaged, copy it again';
  const isWide = begins(head, ['\xff\xfe', '\xfe\xff']);
  const text = isWide ? head.slice(2).replaceAll('\0', '') : head;
  if (/^[^<]{0,8}<(\?xml|!--|!DOCTYPE svg|svg|[a-z]+:svg)/i.test(text) && /<([a-z]+:)?svg[\s>]/i.test(text)) return SVG;
  if (/^[^<]{0,8}<(!DOCTYPE )?html/i.test(text)) return 'a web page, not an image: download the image again';
  return [...text].every(isWritten) ? 'text, not an image' : `of a type that is not known: ${CONVERT}, or leave it out`;
}

/** Whether a byte is one of a text: none of the control characters but those that part lines and columns. */
function isWritten(character: string): boolean {
  return character >= ' ' || '\t\n\f\r'.includes(character);
}
