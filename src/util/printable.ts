/**
 * What a terminal obeys or hides behind instead of showing it: control characters (C0 with ESC, DEL, C1), what ends a line,
 * and what turns the direction of writing.
 */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** A text from outside (a file's, class's or experiment's name, another program's message) as it may stand in one line of a terminal. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '?');
}

const ESCAPE = String.fromCodePoint(0x1b);
const OWN = new RegExp(`(\\n|${ESCAPE}\\[\\d{1,2}m)`, 'u');

/** Lines that Agon has composed, as they may be written: their line breaks and colours stay. */
export function printableLines(text: string): string {
  return text
    .split(OWN)
    .map((part, i) => (i % 2 === 1 ? part : printable(part)))
    .join('');
}

/** A value as one line of JSON, which is the same value with nothing in it that a terminal obeys. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(UNPRINTABLE, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** An address as it may be shown and passed on: without user, password and what follows its path, which may be secrets. */
export function publicAddress(text: string): string {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return text;
  const { origin, pathname } = new URL(text);
  return origin + pathname;
}
