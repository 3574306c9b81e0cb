import { describe, expect, it } from 'vitest';
import {
  type Content,
  checkVersion,
  defineFormat,
  migrate,
  unchanged,
} from '../../../src/util/formats/format-version.js';

const doubled = ({ size, ...rest }: Content): Content => ({ ...rest, side: 2 * Number(size) });
const renamed = ({ side, ...rest }: Content): Content => ({ ...rest, length: side });
const FORMAT = defineFormat('example', [doubled, unchanged, renamed]);

describe('a format', () => {
  it('has one version more than migrations', () => {
    expect(FORMAT.version).toBe(4);
    expect(defineFormat('new').version).toBe(1);
  });

  it.each<[string, Content]>([
    ['no version, which is 1', { size: 3, name: 'a' }],
    ['version 1', { version: 1, size: 3, name: 'a' }],
    ['version 2', { version: 2, side: 6, name: 'a' }],
    ['version 3, as text', { version: '3', side: 6, name: 'a' }],
    ['the newest version', { version: 4, length: 6, name: 'a' }],
  ])('is read from %s', (_, content) => {
    expect(migrate(FORMAT, content, 'a.json')).toEqual({ length: 6, name: 'a' });
  });

  it('of a newer Agon is refused by name', () => {
    expect(() => migrate(FORMAT, { version: 7 }, 'a.json')).toThrow(
      'a.json: this example was written by a newer Agon: format version 7, this one reads up to 4. Update Agon',
    );
  });

  it.each([0, -1, 1.5, null, '', 'x', {}, Number.NaN, '1e3x', true])('of version %o is damaged', (version) => {
    expect(() => checkVersion(FORMAT, version, 'a.json')).toThrow(
      'a.json: format version of the example: expected a whole number from 1 to 4, got ',
    );
  });
});
