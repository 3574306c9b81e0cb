import { AgonError, fail, messageOf } from '../error.js';
import type { Content } from './format-version.js';

/** Objects and lists in each other. Agon's own files have fewer; thousands would end the process where they are walked. */
const DEEPEST = 64;

/** The object of a JSON text; what is no JSON, no object, and too deep, are errors that name the file. */
export function parseObject(text: string, where: string): Content {
  const value = parseJson(text, where);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Content;
  return fail(where, 'holds no JSON object', { got: Array.isArray(value) ? 'a list' : String(value).slice(0, 40) });
}

/** The value of a JSON text; what is no JSON, and too deep, are errors that name the file. */
export function parseJson(text: string, where: string): unknown {
  checkDepth(text, where);
  try {
    return JSON.parse(text);
  } catch (error) {
    return fail(where, `not valid JSON: ${messageOf(error)}`, { cause: error });
  }
}

/** The value of a JSON text; undefined where it is none. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Fails on deep nesting before it is parsed. */
function checkDepth(text: string, where: string): void {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') quoted = !quoted;
    else if (quoted) i += char === '\\' ? 1 : 0;
    else if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth--;
    if (depth > DEEPEST) throw new AgonError(where, 'has too many levels', { expected: `${DEEPEST} at most` });
  }
}
