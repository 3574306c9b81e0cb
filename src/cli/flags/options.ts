import { Option } from 'commander';
import { AUTO, deviceNames } from '../../runtime/device-names.js';
import { suggestion } from '../../util/suggest.js';
import { TASKS } from '../../util/task.js';
import { failUsage } from '../io/usage-error.js';
import { COUNT, type NumberRange, parseNumber } from './number-range.js';

/** An option that takes some words, among them perhaps other values: a shell completes them. */
export class WordOption extends Option {
  constructor(
    flags: string,
    description: string,
    readonly words: readonly string[],
  ) {
    super(flags, description);
  }
}

/** An option whose value is a number in a range. */
export function numberOption(flags: string, description: string, range: NumberRange = COUNT): Option {
  const option = new Option(flags, description);
  return option.argParser((text) => parseNumber(option.long ?? flags, text, range));
}

/** An option whose value is one of a few words, with what it is otherwise; a misspelt word gets a suggestion. */
export function choiceOption(
  flags: string,
  description: string,
  choices: readonly string[],
  otherwise: string,
): Option {
  const option = new WordOption(flags, `${description}: ${choices.join(', ')} (${otherwise})`, choices);
  return option.argParser((text) => {
    if (choices.includes(text)) return text;
    return failUsage(option.long ?? flags, `there is no "${text}"`, { hint: suggestion(text, choices) });
  });
}

/** Which checkpoint of a run. */
export function checkpointOption(): Option {
  return choiceOption('--checkpoint <which>', 'checkpoint of the run', ['best', 'last'], 'best');
}

/** Where to compute. */
export function deviceOption(): Option {
  return new Option('--device <device>', `where to compute: ${AUTO}, ${deviceNames()} (cpu)`);
}

/** What a GPU has no kernel for. */
export function fallbackOption(): Option {
  return new Option('--allow-fallback', 'let the CPU compute what a GPU has no kernel for');
}

/** Threads of an operator. */
export function threadsOption(): Option {
  return numberOption('--threads <n>', 'threads of one operator (one a core)');
}

/** A file of class names, of a model that doesn't say them. */
export function labelsOption(): Option {
  return new Option('--labels <file>', "class names: one a line, JSON, or a hub's config.json (the model's)");
}

/** How images become the input of a model that doesn't say it. */
export function preprocessingOption(): Option {
  return new Option(
    '--preprocessing <how>',
    "how images are prepared: imagenet, tf, or a file such as preprocessor_config.json (the model's)",
  );
}

/** The value of a model that holds the class scores. */
export function outputOption(): Option {
  return new Option('--output <name>', 'output with the class scores, of a model with several outputs (logits)');
}

/** What an image may have. */
export function taskOption(): Option {
  return choiceOption('--task <task>', 'one class an image, or any number of them', TASKS, 'single-label');
}

/** From which probability on a class counts as there. */
export function thresholdOption(): Option {
  const range = { whole: false, from: 0, to: 1 };
  return numberOption(
    '--threshold <p>',
    "multi-label: least probability of a class that is there (the network's)",
    range,
  );
}

/** Output for another program. */
export function jsonOption(): Option {
  return new Option('--json', 'print JSON');
}

/** The server of a queue. */
export function queueOption(description: string): Option {
  return new Option('--queue <address>', `${description}: redis://host[:port], or rediss://`);
}

/** A port to listen on. */
export function portOption(flags: string, description: string): Option {
  return numberOption(flags, `${description} (port 7007 or next)`, { whole: true, from: 0, to: 65_535 });
}

/** Where others may call. */
export function hostOption(): Option {
  return new Option('--host <host>', 'let other machines call at this address, with a token (none)');
}
