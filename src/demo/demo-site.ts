import { readFile } from 'node:fs/promises';
import type { ClientAssets } from '../pages/page/bundle-client.js';
import { clientAssets } from '../pages/page/client-assets.js';
import type { Content, Site } from '../serve/http/reply.js';
import { runtimePaths } from '../web/runtime-files.js';
import type { ServedBackbone } from './backbones.js';
import { RUNTIME_PATH } from './content/description.js';
import { indexHtml, POLICY, WORKER_POLICY } from './index-html.js';

/** What the page's browser runs: the page itself, and what trains. */
export interface DemoClients {
  readonly page: ClientAssets;
  readonly worker: ClientAssets;
}

export interface DemoOptions {
  /** Names of classes to begin with. */
  readonly classes: readonly string[];
  readonly backbones: readonly ServedBackbone[];
}

/** The page in which networks train, and all that it loads. It sends nothing back: the server only gives. */
export async function demoSite({ classes, backbones }: DemoOptions, clients?: DemoClients): Promise<Site> {
  // First, as it says what is missing
  const runtime = runtimePaths('demo');
  const { page, worker } = clients ?? {
    page: await clientAssets('demo/client/main'),
    worker: await clientAssets('demo/worker/main'),
  };
  const files = new Map<string, () => Content | Promise<Content>>([
    ['/', () => content('text/html', indexHtml({ classes, backbones: backbones.map(({ told }) => told) }))],
    ['/app.js', () => content('text/javascript', page.script)],
    ['/style.css', () => content('text/css', page.style)],
    ['/worker.js', () => content('text/javascript', worker.script, WORKER_POLICY)],
  ]);
  for (const { told, content: weights } of backbones) {
    files.set(told.file, () => content('application/octet-stream', weights));
  }
  for (const [name, path] of runtime) {
    files.set(RUNTIME_PATH + name, async () => content(typeOf(name), await readFile(path)));
  }
  return { respond: (path) => files.get(path)?.(), close: () => undefined };
}

/** Every file belongs to the isolated page. */
function content(type: Content['type'], body: Content['body'], policy = POLICY): Content {
  return { kind: 'content', type, body, policy, isolated: true };
}

function typeOf(name: string): Content['type'] {
  return name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
}
