import type { CommandNode, Values } from './tree.js';

/** A script for bash 3.2 and later that completes the commands. */
export function bashScript(nodes: readonly CommandNode[]): string {
  return `# Completion of agon for bash. In ~/.bashrc: source <(agon completion bash)
_agon() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path=agon i
  local words='' list='' files='' IFS=$' \\t\\n'
  # bash parts --rule=all at the sign
  if [[ $cur == '=' ]]; then cur=''
  elif [[ $prev == '=' ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
      ${nodes
        .slice(1)
        .map(({ path }) => `'${path}'`)
        .join('|')}) path="$path \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path" in
${nodes.map(commandCase).join('\n')}
  esac
  local before=''
  if [[ $list && $cur == *,* ]]; then before="\${cur%,*},"; fi
  COMPREPLY=($(compgen -W "$words" -P "$before" -- "\${cur##*,}"))
  if [[ ! $list ]]; then COMPREPLY=($(compgen -W "$words" -- "$cur")); fi
  if [[ $list ]]; then compopt -o nospace 2>/dev/null; fi
  if [[ $files ]]; then
    IFS=$'\\n'
    COMPREPLY+=($(compgen -f -- "$cur"))
    compopt -o filenames 2>/dev/null
  fi
}
complete -F _agon agon
`;
}

function commandCase({ path, commands, options, argument }: CommandNode): string {
  const valued = options.flatMap(({ flag, values }) => (values ? [`      ${flag}) ${assignments(values)} ;;`] : []));
  const flags = options.map(({ flag }) => flag).join(' ');
  const others: Values = { words: commands.map(({ name }) => name), list: false, files: false };
  const plain = assignments({
    words: [...others.words, ...(argument?.words ?? [])],
    list: argument?.list ?? false,
    files: argument?.files ?? false,
  });
  const usual = `if [[ $cur == -* ]]; then words='${flags}'; else ${plain}; fi`;
  // Where nothing else can stand, options can
  const lonely = commands.length === 0 && !argument ? `words='${flags}'` : usual;
  return `    '${path}')
    case "$prev" in
${[...valued, `      *) ${lonely} ;;`].join('\n')}
    esac ;;`;
}

function assignments({ words, list, files }: Values): string {
  return [`words='${words.join(' ')}'`, ...(list ? ['list=1'] : []), ...(files ? ['files=1'] : [])].join(' ');
}
