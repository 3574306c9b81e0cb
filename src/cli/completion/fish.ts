import type { CommandNode, Values } from './tree.js';

/** A script for fish that completes the commands. */
export function fishScript(nodes: readonly CommandNode[]): string {
  const paths = nodes.slice(1).map(({ path }) => quoted(path));
  return `# Completion of agon for fish: agon completion fish > ~/.config/fish/completions/agon.fish
function __agon_at # a command's path: whether the line is in it
    set -l path agon
    for word in (commandline -opc)[2..-1]
        if contains -- "$path $word" ${paths.join(' ')}
            set path "$path $word"
        end
    end
    test "$path" = "$argv[1]"
end
function __agon_list # words, after what is there up to the last comma
    set -l before (string replace -r '^--[^=]*=' '' -- (commandline -ct) | string replace -r '[^,]*$' '')
    for word in $argv
        echo $before$word
    end
end
complete -c agon -f
${nodes.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ path, commands, options, argument }: CommandNode): string[] {
  const at = `complete -c agon -n ${quoted(`__agon_at "${path}"`)}`;
  return [
    ...commands.map(({ name, summary }) => `${at} -a ${quoted(name)} -d ${quoted(summary)}`),
    ...(argument ? [`${at}${takes(argument, false)}`] : []),
    ...options.map(({ flag, summary, values }) => {
      return `${at} -l ${flag.slice(2)}${values ? takes(values, true) : ''} -d ${quoted(summary)}`;
    }),
  ];
}

function takes({ words, list, files }: Values, isOption: boolean): string {
  const names = list ? `(__agon_list ${words.join(' ')})` : words.join(' ');
  const kind = files ? ' -F' : ' -f';
  return `${isOption ? ' -r' : ''}${kind}${names ? ` -a ${quoted(names)}` : ''}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
