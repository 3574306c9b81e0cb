import type { CommandNode, Values } from './tree.js';

/** A script for zsh that completes the commands. */
export function zshScript(nodes: readonly CommandNode[]): string {
  return `#compdef agon
# Completion of agon for zsh. In ~/.zshrc, after compinit: source <(agon completion zsh)
_agon_values() { # words, list, files
  local -a found=(\${=1})
  if [[ -n $2 ]]; then
    compset -P '*,'
    compadd -S '' -a found
  elif (( $#found )); then
    compadd -a found
  fi
  if [[ -n $3 ]]; then _files; fi
}
_agon() {
  local prev=\${words[CURRENT-1]} at=agon i
  local -a commands options
  if [[ \${words[CURRENT]} == --*=* ]]; then
    prev=\${words[CURRENT]%%=*}
    compset -P '*='
  fi
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
      ${nodes
        .slice(1)
        .map(({ path }) => quoted(path))
        .join('|')}) at="$at \${words[i]}" ;;
    esac
  done
  case "$at" in
${nodes.map(commandCase).join('\n')}
  esac
}
if [[ \${funcstack[1]} == _agon ]]; then _agon "$@"; else compdef _agon agon; fi
`;
}

function commandCase({ path, commands, options, argument }: CommandNode): string {
  const described = (name: string, summary: string) => quoted(`${name.replaceAll(':', '\\:')}:${summary}`);
  const valued = options.flatMap(({ flag, values }) => (values ? [`      ${flag}) ${call(values)} ;;`] : []));
  const flags = options.map(({ flag, summary }) => described(flag, summary)).join(' ');
  const names = commands.map(({ name, summary }) => described(name, summary)).join(' ');
  const plain = [
    ...(commands.length > 0 ? [`commands=(${names}); _describe command commands`] : []),
    ...(argument ? [call(argument)] : []),
  ].join('; ');
  const shown = `options=(${flags}); _describe option options`;
  const usual = plain ? `if [[ $PREFIX == -* ]]; then ${shown}; else ${plain}; fi` : shown;
  return `    ${quoted(path)})
    case "$prev" in
${[...valued, `      *) ${usual} ;;`].join('\n')}
    esac ;;`;
}

function call({ words, list, files }: Values): string {
  return `_agon_values ${quoted(words.join(' '))} ${quoted(list ? '1' : '')} ${quoted(files ? '1' : '')}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
