import fc from 'fast-check';
import { expect, it } from 'vitest';
import { printable, printableJson, printableLines } from '../../src/util/printable.js';

const HOSTILE = '\x1b]0;title\x07\x1b[2Ja\x9b31m\x7f\u202etxt.exe\u2066\u2028b\r\n\tc';
/** What a terminal acts on, by code point, written out. */
const ACTS = (character: string): boolean => {
  const code = character.codePointAt(0) ?? 0;
  const bidi = [0x61c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069];
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029 || bidi.includes(code);
};
const text = fc.string({
  unit: fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
});

it('names keep all that is shown, and nothing that acts', () => {
  expect(printable(HOSTILE)).toBe('?]0;title??[2Ja?31m??txt.exe??b???c');
  expect(printable('Größe 猫 🐝 שלום a_b')).toBe('Größe 猫 🐝 שלום a_b');
  fc.assert(
    fc.property(text, (name) => {
      const shown = [...printable(name)];
      expect(shown.some(ACTS)).toBe(false);
      expect(shown).toEqual([...name].map((character) => (ACTS(character) ? '?' : character)));
    }),
  );
});

it('composed lines keep their breaks and colours', () => {
  const own = '\x1b[1mhead\x1b[22m\n\x1b[33mwarning\x1b[39m\n';
  expect(printableLines(own)).toBe(own);
  expect(printableLines(`${own}\x1b[2J\x1b]0;x\x07\x1b[1;5Hy\r`)).toBe(`${own}?[2J?]0;x??[1;5Hy?`);
});

it('JSON is the same value', () => {
  const value = { [HOSTILE]: [HOSTILE, 1, 'é'] };
  expect([...printableJson(value)].some(ACTS)).toBe(false);
  expect(JSON.parse(printableJson(value))).toEqual(value);
  fc.assert(
    fc.property(text, (name) => {
      expect(JSON.parse(printableJson(name))).toBe(name);
    }),
  );
});
