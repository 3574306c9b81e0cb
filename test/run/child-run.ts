/** Trains in a process of its own, which a test can kill: `node --import tsx child-run.ts FOLDER SETTINGS`. Prints each event. */
import { startTraining } from '../../src/run/run.js';
import { parseSettings } from '../../src/settings/settings.js';
import { AgonError, messageOf } from '../../src/util/error.js';

const [folder = '', text = '{}'] = process.argv.slice(2);
const settings = parseSettings(JSON.parse(text));
const print = (text: string) => process.stdout.write(`${text}\n`);
const { done } = startTraining({ settings, folder, resume: false, onEvent: ({ type }) => print(type) });
await done.then(print, (error: unknown) =>
  print(`${error instanceof AgonError ? 'AgonError' : 'Error'} ${messageOf(error)}`),
);
