import { jsonIn } from '../../util/files/read-json.js';
import { labelName } from '../labelled/labelled-images.js';

/** What parts several labels in one field. */
const SEPARATORS = /[|;]/;

/** The labels in a field: one; several parted by `|` or `;`; or a list of JSON. None where there is nothing in it. */
export function labelsIn(value: unknown): string[] {
  if (Array.isArray(value)) return unique(value.map(nameOf));
  if (typeof value !== 'string') return unique([nameOf(value)]);
  const list = value.startsWith('[') ? jsonIn(value) : undefined;
  return Array.isArray(list) ? unique(list.map(nameOf)) : unique(value.split(SEPARATORS).map(labelName));
}

function nameOf(value: unknown): string {
  const named = ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
  return named ? labelName(String(value)) : '';
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names.filter((name) => name !== ''))];
}
