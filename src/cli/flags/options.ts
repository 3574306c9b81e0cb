import { Option } from 'commander';
import { suggestion } from '../../util/suggest.js';
import { failUsage } from '../io/usage-error.js';
import { COUNT, type NumberRange, parseNumber } from './number-range.js';

/** An option whose value is a number in a range. */
export function numberOption(flags: string, description: string, range: NumberRange = COUNT): Option {
  const option = new Option(flags, description);
  return option.argParser((text) => parseNumber(option.long ?? flags, text, range));
}

/** An option whose value is one of a few words; a misspelt one gets a suggestion. */
export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  const option = new Option(flags, `${choices.join(', ')} ${description}`);
  return option.argParser((text) => {
    if (choices.includes(text)) return text;
    return failUsage(option.long ?? flags, `there is no "${text}"`, { hint: suggestion(text, choices) });
  });
}

/** Which checkpoint of a run. */
export function checkpointOption(): Option {
  return choiceOption('--checkpoint <which>', '(best)', ['best', 'last']);
}

/** Where to compute. */
export function deviceOption(): Option {
  return new Option('--device <device>', 'cpu, cuda, cuda:<n> or webgpu (cpu)');
}

/** Threads of an operator. */
export function threadsOption(): Option {
  return numberOption('--threads <n>', 'of an operator (one a core)');
}

/** Output for another program. */
export function jsonOption(): Option {
  return new Option('--json', 'as JSON');
}
