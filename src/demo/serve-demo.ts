import type { FetchOptions } from '../hub/fetched.js';
import type { Place } from '../serve/http/listen.js';
import { serveSite } from '../serve/http/server.js';
import { backbonesAtHand, namedBackbone } from './backbones.js';
import type { Backbone } from './content/description.js';
import { demoSite } from './demo-site.js';

export interface ServeDemoOptions extends FetchOptions {
  readonly classes: readonly string[];
  /** Weights to begin with; what is at hand where this is left out. */
  readonly pretrained?: string | undefined;
}

/** A server of the page in which networks train. */
export interface DemoServer {
  readonly url: string;
  /** Networks whose weights it has. */
  readonly backbones: readonly Backbone[];
  close(): Promise<void>;
}

/** Serves the page until it is closed. */
export async function serveDemo(
  { classes, pretrained, ...fetching }: ServeDemoOptions,
  place: Place,
): Promise<DemoServer> {
  const backbones =
    pretrained === undefined ? await backbonesAtHand(fetching.env) : [await namedBackbone(pretrained, fetching)];
  const server = await serveSite(await demoSite({ classes, backbones }), place);
  return { url: server.url, backbones: backbones.map(({ told }) => told), close: () => server.close() };
}
