import { describe, expect, it } from 'vitest';
import { toFileName } from '../../../src/util/files/file-name.js';

describe('a name as the name of a file', () => {
  it.each([
    ['resnet20', 'resnet20'],
    ['mobilenet_v2_cifar_0.5', 'mobilenet_v2_cifar_0.5'],
    ['a/b', 'a_b'],
    ['../../etc', '_._.._etc'],
    ['..', '_.'],
    ['.', '_'],
    ['', '_'],
    ['C:\\x', 'C__x'],
    ['a\nb', 'a_b'],
  ])('%j', (name, expected) => expect(toFileName(name)).toBe(expected));
});
