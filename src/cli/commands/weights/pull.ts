import type { Command } from 'commander';
import type { FetchProgress } from '../../../hub/fetched.js';
import type { PulledWeights } from '../../../pretrained/pull.js';
import { printable } from '../../../report/format.js';
import { LiveLines } from '../../../report/live-lines.js';
import { isLive } from '../../../report/output.js';
import { jsonOption } from '../../flags/options.js';
import { type CliIo, writeJson, writeLines } from '../../io/io.js';

/** `agon weights pull` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('<name...>', 'name (`agon weights list`), network, hf:owner/name or address')
    .addOption(jsonOption())
    .addHelpText('after', `\n${CACHE_HELP}`)
    .action(async (names: string[], { json }: { readonly json?: true }) => {
      const pulled = await pullAll(names, io);
      if (json) writeJson(io.stdout, pulled);
      else writeLines(io.stdout, ...(await formatPulled(pulled)));
    });
}

const CACHE_HELP = `Files go to the hub's own cache (HF_HUB_CACHE or HF_HOME), torchvision's to PyTorch's (TORCH_HOME).
Honoured: HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, HTTPS_PROXY, HTTP_PROXY, NO_PROXY. What was cut goes on.`;

/** One after the other, with how far it is. */
async function pullAll(names: readonly string[], { stderr, env }: CliIo): Promise<PulledWeights[]> {
  const [{ pullWeights }, { formatProgress }] = await Promise.all([
    import('../../../pretrained/pull.js'),
    import('../../../hub/progress.js'),
  ]);
  const live = new LiveLines(stderr);
  let text = 'asking the server';
  if (isLive(stderr, env)) live.show([() => printable(text)]);
  const onProgress = (progress: FetchProgress) => {
    text = formatProgress(progress);
  };
  try {
    const pulled: PulledWeights[] = [];
    for (const name of names) pulled.push(await pullWeights(name, { env: process.env, onProgress }));
    return pulled;
  } finally {
    live.clear();
  }
}

async function formatPulled(pulled: readonly PulledWeights[]): Promise<string[]> {
  const { IMAGENET_CAVEAT } = await import('../../../weights/catalogue.js');
  const lines = pulled.flatMap(({ name, path, fresh, licence, sha256, notes }) => [
    `${printable(name)}  ${fresh ? 'fetched' : 'was here'}: ${printable(path)}`,
    `  licence ${printable(licence ?? 'not stated')}, SHA-256 ${sha256 ?? '-'}`,
    ...notes.map((note) => `  ${printable(note)}`),
  ]);
  return [...lines, ...(pulled.some(({ catalogued }) => catalogued) ? [IMAGENET_CAVEAT] : [])];
}
