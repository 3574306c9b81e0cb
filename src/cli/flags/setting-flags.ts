import { Option } from 'commander';
import { suggestion } from '../../util/suggest.js';
import { failUsage } from '../io/usage-error.js';
import { parseNumber } from './number-range.js';
import { describeSetting, type SettingKind, type SettingPath } from './setting-schema.js';

/** A flag that gives one setting. */
export interface SettingFlag {
  readonly group: 'Data' | 'Contest' | 'Steps' | 'Run';
  readonly flag: string;
  readonly path: SettingPath;
  readonly help: string;
  /** What the help says where the schema has no default. */
  readonly otherwise?: string;
}

const row = (group: SettingFlag['group']) => (flag: string, path: SettingPath, help: string, otherwise?: string) => {
  return { group, flag, path, help, ...(otherwise && { otherwise }) };
};
const [data, contest, steps, run] = [row('Data'), row('Contest'), row('Steps'), row('Run')];

/** All flags that give settings. What each takes, its range and its default are in the schema of the settings. */
export const SETTING_FLAGS: readonly SettingFlag[] = [
  data('--data <set>', ['data'], '"builtin", or the path of a data set'),
  data('--size <pixels>', ['size'], 'height and width of the input', "the data's"),
  data('--limit <n>', ['limit'], 'at most so many training images', 'all'),
  data('--validation <share>', ['validation'], 'held out, if the set has no such split; 0: nothing'),
  data('--augmentation <how>', ['augmentation'], ''),
  contest('--preset <name>', ['preset'], '', 'none'),
  contest('--nets <list>', ['nets'], 'see `agon nets`'),
  contest('--artifacts <folder>', ['artifacts'], 'train the networks of a training artifact', 'none'),
  contest('--rule <rule>', ['rule'], ''),
  contest('--top-k <k>', ['topK'], 'teachers of the rule top-k'),
  contest('--alpha <weight>', ['alpha'], "weight of learning from the teachers' output"),
  contest('--beta <weight>', ['beta'], 'weight of learning from their features'),
  contest('--feature-reduction <how>', ['featureReduction'], ''),
  contest('--feature-projection', ['featureProjection'], 'compare features of unlike shapes by a learned projection'),
  contest('--temperature <t>', ['temperature'], 'softens what teachers say'),
  contest(
    '--perturb-input <pool>',
    ['inputPerturbation', 'pool'],
    "of one network's images: paper, release, none",
    'none',
  ),
  contest('--perturb-every <k>', ['inputPerturbation', 'when', 'every'], 'in every k-th step', '1'),
  contest('--perturb-probability <p>', ['inputPerturbation', 'when', 'probability'], 'or at random', '-'),
  contest('--mutate-every <k>', ['parameterPerturbation', 'when', 'every'], "change one network's parameters", 'never'),
  contest('--mutate-probability <p>', ['parameterPerturbation', 'when', 'probability'], 'or at random', '-'),
  contest('--mutation-window <steps>', ['parameterPerturbation', 'window'], 'until it must have won'),
  contest('--mutation-sigma <x>', ['parameterPerturbation', 'sigma'], "of a tensor's size"),
  contest('--crossover <share>', ['parameterPerturbation', 'crossover'], 'of them with a like network'),
  contest('--teacher <model>', ['teacher', 'model'], 'a frozen one: an ONNX model, or a run', 'none'),
  contest('--teacher-output <name>', ['teacher', 'output'], 'its class scores, if it has several outputs', 'logits'),
  contest('--teacher-weight <w>', ['teacher', 'weight'], 'of learning from it'),
  contest('--teacher-temperature <t>', ['teacher', 'temperature'], 'softens what it says'),
  contest('--label-smoothing <x>', ['labelSmoothing'], 'share of a label that all classes get'),
  steps('--epochs <n>', ['epochs'], 'passes over the training images'),
  steps('--batch-size <n>', ['batchSize'], 'images in a step'),
  steps('--optimizer <name>', ['optimizer', 'name'], ''),
  steps('--lr <rate>', ['optimizer', 'lr'], 'learning rate'),
  steps('--momentum <m>', ['optimizer', 'momentum'], 'of the gradients'),
  steps('--no-nesterov', ['optimizer', 'nesterov'], 'plain momentum'),
  steps('--weight-decay <w>', ['optimizer', 'weightDecay'], 'pull towards zero'),
  steps('--schedule <name>', ['schedule', 'name'], ''),
  steps('--milestones <epochs>', ['schedule', 'milestones'], 'when the rate falls'),
  steps('--gamma <factor>', ['schedule', 'gamma'], 'by what, each time'),
  steps('--warmup-epochs <n>', ['warmupEpochs'], 'the rate rises to its value first'),
  run('--seed <n>', ['seed'], 'of everything random'),
  run('--engine <name>', ['engine'], ''),
  run('--device <device>', ['device'], 'cpu, cuda, cuda:<n> or webgpu'),
  run('--threads <n>', ['threads'], 'of an operator', 'one a core'),
  run('--no-tune', ['tune'], 'take default forms, time nothing'),
  run('--workers <n>', ['workers'], 'threads that prepare images'),
];

/** `--batch-size` of `--batch-size <n>`. */
export function nameOfFlag({ flag }: Pick<SettingFlag, 'flag'>): string {
  return flag.split(' ')[0] as string;
}

/** The flag as an option of a command. */
export function createOption(entry: SettingFlag): Option {
  const { kind } = describeSetting(entry.path);
  const option = new Option(entry.flag, describeFlag(entry));
  return option.argParser((text) => parseValue(nameOfFlag(entry), text, kind));
}

/** Reads a flag's value. Errors name the flag, what it takes, and what was given. */
export function parseValue(flag: string, text: string, kind: SettingKind): unknown {
  switch (kind.type) {
    case 'number':
      return parseNumber(flag, text, kind.range);
    case 'numbers':
      return listOf(flag, text).map((item) => parseNumber(flag, item, kind.range));
    case 'texts':
      return listOf(flag, text);
    case 'choice':
      if (kind.choices.includes(text) || (flag === '--perturb-input' && text === 'none')) return text;
      return failUsage(flag, `there is no "${text}"`, { hint: suggestion(text, kind.choices) });
    default:
      return text === '' ? failUsage(flag, 'bad value', { expected: 'a text', got: 'none' }) : text;
  }
}

/** The items of a list that was given to a flag. */
export function listOf(flag: string, text: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.includes('')) failUsage(flag, 'bad value', { expected: 'a list like a,b,c', got: `"${text}"` });
  return items;
}

function describeFlag({ path, help, otherwise }: SettingFlag): string {
  const { kind, value, owners } = describeSetting(path);
  const choices = kind.type === 'choice' ? kind.choices.join(', ') : '';
  if (kind.type === 'switch')
    return owners.length > 0 ? `${help} (with ${owners.map(({ name }) => name).join(', ')})` : help;
  const defaults = owners.map((owner) => `${owner.name}: ${formatDefault(owner.value)}`).join(', ');
  const text = defaults || otherwise || formatDefault(value);
  return [help || choices, `(${text})`].filter(Boolean).join(' ');
}

function formatDefault(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}
