import { type Command, Option } from 'commander';
import type { FetchProgress } from '../../hub/fetched.js';
import { formatProgress } from '../../hub/progress.js';
import { LiveLines } from '../../report/live-lines.js';
import { isLive } from '../../report/output.js';
import { printable } from '../../util/printable.js';
import { parseClassNames } from '../flags/class-names.js';
import { hostOption, portOption } from '../flags/options.js';
import { type CliIo, writeLines } from '../io/io.js';
import { interrupted } from '../run/interrupt.js';

interface DemoOptions {
  readonly port?: number;
  readonly host?: string;
  readonly open?: true;
  readonly pretrained?: string;
  readonly classes?: readonly string[];
}

/** `agon demo` */
export function define(command: Command, io: CliIo): void {
  command
    .addOption(portOption('--port <n>', 'port to listen on'))
    .addOption(hostOption())
    .addOption(new Option('--open', 'open the page in the browser'))
    .addOption(
      new Option(
        '--pretrained <what>',
        'weights to begin with: auto, a name, hf:..., URL, file, run (those in the cache)',
      ),
    )
    .addOption(
      new Option('--classes <names>', 'two to five classes to begin with, as cat,dog (named in the page)').argParser(
        parseClassNames,
      ),
    )
    .addHelpText('after', `\n${NOTE}`)
    .action((options: DemoOptions) => demo(options, io));
}

const NOTE = `Pictures and networks stay in the browser. To the browsers of other machines (--host) the page comes over
plain HTTP, where they give it no camera, no graphics card and no threads. A phone on a cable has all of
them at the same address after \`adb reverse tcp:7007 tcp:7007\`.`;

async function demo({ port, host, open, pretrained, classes = [] }: DemoOptions, io: CliIo): Promise<void> {
  const { serveDemo } = await import('../../demo/serve-demo.js');
  const progress = fetchProgress(io);
  const server = await serveDemo(
    { classes, pretrained, env: io.env, onProgress: progress.tell },
    { port, host },
  ).finally(progress.clear);
  const networks = server.backbones.map(({ network, weights }) => `${network} (${printable(weights)})`);
  if (networks.length > 0) writeLines(io.stdout, `pretrained: ${networks.join(', ')}`);
  writeLines(io.stdout, `train in the browser: ${server.url} (Ctrl+C ends)`);
  if (open) await openPage(server.url, io);
  await interrupted();
  await server.close();
}

async function openPage(url: string, io: CliIo): Promise<void> {
  const { openBrowser } = await import('../../demo/open-browser.js');
  if (!(await openBrowser(url))) writeLines(io.stderr, 'nothing here opens a browser: open the address above');
}

/** Shows how far weights are that have to be fetched. */
function fetchProgress({ stderr, env }: CliIo) {
  const live = new LiveLines(stderr);
  let shown = false;
  let text = '';
  return {
    tell(progress: FetchProgress) {
      text = formatProgress(progress);
      if (!shown && isLive(stderr, env)) live.show([() => printable(text)]);
      shown = true;
    },
    clear: () => live.clear(),
  };
}
