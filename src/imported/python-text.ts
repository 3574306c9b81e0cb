/** Class names as Python writes a dictionary from index to name (`repr`), the form in which Ultralytics' models have them. */
export function toPythonDictionary(names: readonly string[]): string {
  return `{${names.map((name, i) => `${i}: ${toPythonText(name)}`).join(', ')}}`;
}

/** A text as Python's `repr` writes it. */
function toPythonText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return `${quote}${Array.from(text, (character) => escaped(character, quote)).join('')}${quote}`;
}

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };
/** What Python doesn't print as it is (`str.isprintable`). */
const UNPRINTABLE = /[\p{C}\p{Z}]/u;

function escaped(character: string, quote: string): string {
  if (character === quote) return `\\${quote}`;
  if (SHORT[character] !== undefined) return SHORT[character];
  if (character === ' ' || !UNPRINTABLE.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const [letter, digits] = code < 0x100 ? ['x', 2] : code < 0x1_0000 ? ['u', 4] : ['U', 8];
  return `\\${letter}${code.toString(16).padStart(digits as number, '0')}`;
}

const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([\s\S]))/g;
const NAMED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', a: '\x07' };

/** What stands between the quotes of a Python or JSON string, without its escapes. */
export function withoutEscapes(text: string): string {
  return text.replace(ESCAPE, (whole, x?: string, u?: string, long?: string, one = '') => {
    const code = Number.parseInt(x ?? u ?? long ?? '', 16);
    if (Number.isNaN(code)) return NAMED[one] ?? one;
    return code > 0x10_ffff ? whole : String.fromCodePoint(code);
  });
}
