import { Argument, type Command } from 'commander';
import { present } from '../../util/error.js';
import type { CommandNode } from '../completion/tree.js';
import type { CliIo } from '../io/io.js';
import { failUsage } from '../io/usage-error.js';

const SHELLS: Readonly<Record<string, () => Promise<(nodes: readonly CommandNode[]) => string>>> = {
  bash: async () => (await import('../completion/bash.js')).bashScript,
  zsh: async () => (await import('../completion/zsh.js')).zshScript,
  fish: async () => (await import('../completion/fish.js')).fishScript,
};

const HELP = `
The script completes commands, options, their words, and names of networks. To have it in every shell:
  bash   echo 'source <(agon completion bash)' >> ~/.bashrc
  zsh    echo 'source <(agon completion zsh)' >> ~/.zshrc    (after compinit)
  fish   agon completion fish > ~/.config/fish/completions/agon.fish`;

/** `agon completion` */
export function define(command: Command, io: CliIo): void {
  command
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').argParser(checkShell))
    .addHelpText('after', HELP)
    .action(async (shell: string) => {
      const script = present(await SHELLS[shell]?.(), 'the script');
      const { commandTree } = await import('../completion/tree.js');
      io.stdout.write(script(commandTree(present(command.parent, 'the program'))));
    });
}

function checkShell(text: string): string {
  if (Object.hasOwn(SHELLS, text)) return text;
  return failUsage('completion', `there is no "${text}"`, { expected: Object.keys(SHELLS).join(', ') });
}
