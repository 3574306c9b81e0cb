/** How the names of image files end that are read. What a file is its first bytes tell; only those of other names are looked at beforehand. */
const IMAGE_EXTENSIONS = new Set('jpg jpeg jpe jfif pjpeg pjp png apng webp gif tif tiff avif bmp dib'.split(' '));
/** How the names of images end that are not read. */
const OTHER_EXTENSIONS = new Set(
  'heic heif hif svg svgz jxl jp2 j2k jpx psd pdf ico cur exr hdr pnm ppm pgm pbm qoi fits dcm dng cr2 cr3 nef arw orf rw2 raf tga'.split(
    ' ',
  ),
);
/** A camera's raw images are TIFFs whose first image is a small preview. */
const RAW_EXTENSIONS = new Set('dng nef nrw arw sr2 srf srw cr2 pef 3fr fff erf iiq kdc dcr mos mef'.split(' '));

/** What systems and storage devices put beside what they hold, in lower case: never data. */
const SYSTEM_NAMES = new Set([
  '@eadir',
  '@recycle',
  '@recently-snapshot',
  '#recycle',
  '#snapshot',
  '__macosx',
  '__pycache__',
  '$recycle.bin',
  'lost+found',
  'system volume information',
  'thumbs.db',
  'ehthumbs.db',
  'desktop.ini',
]);

/** Whether a file's name ends like that of an image, read or not. */
export function isImageName(name: string): boolean {
  return isReadName(name) || OTHER_EXTENSIONS.has(extensionOf(name));
}

/** Whether a file's name ends like that of an image that is read. */
export function isReadName(name: string): boolean {
  return IMAGE_EXTENSIONS.has(extensionOf(name));
}

/** Whether a file's name ends like that of a camera's raw image. */
export function isRawName(name: string): boolean {
  return RAW_EXTENSIONS.has(extensionOf(name));
}

/** Whether a system or a storage device puts files or folders of this name beside what it holds. */
export function isSystemName(name: string): boolean {
  return SYSTEM_NAMES.has(name.toLowerCase());
}

/** How a name ends, in lower case and without the dot. */
export function extensionOf(name: string): string {
  return /[^/\\]\.([^./\\]*)$/.exec(name)?.[1]?.toLowerCase() ?? '';
}
