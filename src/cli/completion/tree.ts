import type { Argument, Command, Option } from 'commander';
import { NETWORKS } from '../../nets/registry.js';
import { PRESET_NAMES } from '../../settings/preset-names.js';
import { CATALOGUE } from '../../weights/catalogue.js';
import { WordOption } from '../flags/options.js';

/** What may stand somewhere in a command line, as far as a shell can know. */
export interface Values {
  readonly words: readonly string[];
  /** Whether several words may stand there, with commas between them. */
  readonly list: boolean;
  /** Whether files and folders may stand there. */
  readonly files: boolean;
}

/** A command as a shell completes it. */
export interface CommandNode {
  /** `agon data check` */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly {
    readonly flag: string;
    readonly summary: string;
    /** Undefined of a switch. */
    readonly values?: Values;
  }[];
  /** Of its first argument, and of all later ones. */
  readonly argument?: Values;
}

const nets = [...NETWORKS.keys()];
const weights = CATALOGUE.map(({ name }) => name);

/** Words that an option or argument takes beside those that it refuses others for. */
const KNOWN: Readonly<Record<string, Partial<Values>>> = {
  '--data': { words: ['builtin'], files: true },
  '--nets': { words: nets, list: true, files: true },
  '--group': { words: nets, list: true, files: true },
  '--network': { words: nets },
  '--methods': { words: PRESET_NAMES, list: true },
  '--pretrained': { words: ['auto', ...weights], list: true, files: true },
  '--freeze': { words: ['backbone', 'none'] },
  '--device': { words: ['auto', 'cpu', 'cuda', 'webgpu'] },
  '--on-event': { files: true },
  set: { words: ['builtin'], files: true },
  names: { words: nets, files: true },
  name: { words: [...weights, ...nets] },
  shell: { words: ['bash', 'zsh', 'fish'] },
};

/** What options and arguments are called that take files or folders: `--config <file>`. */
const FILES = ['file', 'files', 'folder', 'run', 'model', 'path', 'weights', 'experiment'];

/** All commands with theirs, from Commander's own objects. */
export function commandTree(command: Command, path = command.name()): CommandNode[] {
  const commands = command.createHelp().visibleCommands(command);
  const node: CommandNode = {
    path,
    commands: commands.map((each) => ({ name: each.name(), summary: each.summary() || each.description() })),
    options: command.createHelp().visibleOptions(command).concat(hiddenOf(command)).flatMap(describe),
    ...argumentOf(command),
  };
  const others = commands.filter((each) => each.name() !== 'help');
  const help = commands.some((each) => each.name() === 'help');
  return [
    node,
    ...(help ? [{ path: `${path} help`, commands: node.commands, options: [] }] : []),
    ...others.flatMap((each) => commandTree(each, `${path} ${each.name()}`)),
  ];
}

function hiddenOf({ options }: Command): Option[] {
  return options.filter(({ hidden }) => hidden);
}

function describe(option: Option): CommandNode['options'] {
  const flag = option.long;
  if (!flag) return [];
  const takes = option.required || option.optional;
  return [{ flag, summary: option.description, ...(takes && { values: valuesOf(option, flag) }) }];
}

function valuesOf(option: Option, flag: string): Values {
  const own = option.argChoices ?? (option instanceof WordOption ? option.words : []);
  const { words = own, list = false, files = isFile(/[<[]([\w.]+)/.exec(option.flags)?.[1]) } = KNOWN[flag] ?? {};
  return { words, list, files };
}

function argumentOf({ registeredArguments }: Command): Pick<CommandNode, 'argument'> {
  const found = registeredArguments.map(valuesOfArgument).find(({ words, files }) => words.length > 0 || files);
  return found ? { argument: found } : {};
}

function valuesOfArgument(argument: Argument): Values {
  const name = argument.name();
  const { words = argument.argChoices ?? [], list = false, files = isFile(name) } = KNOWN[name] ?? {};
  return { words, list, files };
}

function isFile(name: string | undefined): boolean {
  return name !== undefined && FILES.includes(name);
}
