import { isSystemName } from '../../data/tree/file-names.js';
import { at } from '../../util/checked.js';
import { fail } from '../../util/error.js';

/** A page's classes and those of its run, which are in the order in which Node.js finds their folders. */
export interface ClassOrder {
  /** The run's. */
  readonly classes: readonly string[];
  /** The run's index of each of the page's. */
  readonly runIndex: readonly number[];
}

/** What no system's file names have. */
const FORBIDDEN = /[\p{Cc}/\\:*?"<>|]/u;
/** Names of devices, which Windows takes for no folder's. */
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Puts a page's classes in order. Two or more with names that folders can have are needed, else it is an error that names the class. */
export function orderClasses(given: readonly string[]): ClassOrder {
  if (given.length < 2) {
    fail('classes', 'how many there are', { expected: 'two or more', got: String(given.length) });
  }
  const names = given.map((name) => name.normalize('NFC'));
  for (const name of names) checkName(name);
  const lower = names.map((name) => name.toLowerCase());
  const twice = names.find((_, i) => lower.indexOf(at(lower, i)) !== i);
  if (twice !== undefined) fail('classes', `the name "${twice}" is there twice`, { hint: 'Rename one of them' });
  const classes = names.toSorted((a, b) => (a < b ? -1 : 1));
  return { classes, runIndex: names.map((name) => classes.indexOf(name)) };
}

function checkName(name: string): void {
  const fits =
    name !== '' && !FORBIDDEN.test(name) && !/^\.|[. ]$|^ /.test(name) && !DEVICES.test(name) && !isSystemName(name);
  if (fits) return;
  fail('classes', `the name ${JSON.stringify(name)}`, {
    expected: 'one that a folder can have on every system',
    hint: String.raw`Leave out \ / : * ? " < > |, and dots and spaces at its ends`,
  });
}
