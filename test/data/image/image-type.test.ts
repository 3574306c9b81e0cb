import { describe, expect, it } from 'vitest';
import { kindOf } from '../../../src/data/image/image-type.js';

/** Latin-1 text as bytes, and zeros after it. */
const bytes = (text: string, length = 64) => Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(length)]);
const box = (...brands: string[]) =>
  bytes(`\0\0\0${String.fromCharCode(12 + 4 * brands.length)}ftyp${brands[0]}\0\0\0\0${brands.slice(1).join('')}`);

describe('the first bytes tell', () => {
  it.each([
    ['JPEG', bytes('\xff\xd8\xff\xe1')],
    ['PNG', bytes('\x89PNG\r\n\x1a\n')],
    ['WebP', bytes('RIFF\x24\0\0\0WEBPVP8 ')],
    ['GIF', bytes('GIF89a')],
    ['TIFF', bytes('II*\0')],
    ['TIFF', bytes('MM\0*')],
    ['TIFF', bytes('MM\0+')],
    ['BMP', bytes(`BM${'\x01'.repeat(12)}\x7c\0\0\0`)],
    ['AVIF', box('avif', 'mif1')],
    ['AVIF', box('mif1', 'miaf', 'avif')],
  ])('%s', (type, content) => {
    expect(kindOf(content)).toEqual({ type });
  });

  it.each([
    ['HEIC, as iPhones write it: convert it to JPEG', box('heic', 'mif1')],
    ['HEIC, as iPhones write it: convert it to JPEG', box('mif1', 'heix')],
    ['a video: save frames of it as JPEG', box('qt  ')],
    ['a raw image of a camera: convert it to JPEG or PNG', box('crx ')],
    ['JPEG XL: convert it to JPEG or PNG', bytes('\xff\x0a')],
    ['JPEG XL: convert it to JPEG or PNG', bytes('\0\0\0\x0cJXL \r\n\x87\n')],
    ['JPEG 2000: convert it to JPEG or PNG', bytes('\0\0\0\x0cjP  \r\n\x87\n')],
    ['JPEG 2000: convert it to JPEG or PNG', bytes('\xff\x4f\xff\x51')],
    ['SVG, a drawing without pixels of its own: export it as PNG', Buffer.from('<svg xmlns="x"/>')],
    [
      'SVG, a drawing without pixels of its own: export it as PNG',
      Buffer.from('\ufeff<?xml version="1.0"?>\n<!-- by --><svg>'),
    ],
    ['SVG, a drawing without pixels of its own: export it as PNG', Buffer.from('\ufeff<svg >', 'utf16le')],
    ['PDF: export its pages as PNG', bytes('%PDF-1.7')],
    ['a ZIP archive: unpack it', bytes('PK\x03\x04')],
    ['a web page, not an image: download the image again', Buffer.from('<!DOCTYPE html><html>404')],
    ['text, not an image', Buffer.from('# Näme,label\r\n1,2\n')],
    ['text, not an image', Buffer.from('<?xml version="1.0"?><annotation/>')],
    ['text, not an image', Buffer.from('BMW, a car')],
    ['of a type that is not known: convert it to JPEG or PNG, or leave it out', Buffer.from([1, 2, 3, 4])],
    ['only zeros: the file is damaged, copy it again', Buffer.alloc(5000)],
    ['the file is empty', Buffer.alloc(0)],
  ])('%s', (reason, content) => {
    expect(kindOf(content)).toEqual({ reason });
  });
});
