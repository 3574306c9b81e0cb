import { LEAST_CLASSES, MOST_CLASSES } from '../../demo/content/description.js';
import { failUsage } from '../io/usage-error.js';

/** `cat,dog`: two to five different names. */
export function parseClassNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const expected = `${LEAST_CLASSES} to ${MOST_CLASSES} different names, as cat,dog`;
  const right = names.length >= LEAST_CLASSES && names.length <= MOST_CLASSES && new Set(names).size === names.length;
  if (right && names.every((name) => name !== '')) return names;
  return failUsage('--classes', 'bad value', { expected, got: JSON.stringify(text) });
}
