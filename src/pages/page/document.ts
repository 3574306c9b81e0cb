import { createHash } from 'node:crypto';
import { toHtml } from '../../util/markup.js';
import type { ClientAssets } from './bundle-client.js';

/** What a page consists of. */
export interface PageParts {
  readonly title: string;
  /** HTML of the page's body, in which texts from outside are escaped. */
  readonly body: string;
  /** What the client works on, as JSON values by the ids of their elements. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly client: ClientAssets;
  /** Whether it may ask its own server for more. */
  readonly connects: boolean;
}

/**
 * A page in one file. Nothing leaves it: a policy allows its own script and style alone, told by their digests, and pictures that are in
 * it; only a live page connects, to where it came from.
 */
export function pageDocument({ title, body, data, client, connects }: PageParts): string {
  const { script, style } = { script: inScript(client.script), style: client.style };
  const policy = [
    "default-src 'none'",
    'img-src data:',
    `script-src '${digest(script)}'`,
    `style-src '${digest(style)}'`,
    ...(connects ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ];
  const blocks = Object.entries(data).map(([id, value]) => {
    return `<script type="application/json" id="${toHtml(id)}">${jsonInHtml(value)}</script>`;
  });
  return `${pageStart(title, policy)}
<style>${style}</style></head>
<body>${body}
${blocks.join('\n')}
<script>${script}</script>
</body></html>
`;
}

/** A page up to its title, with what it is allowed to load. */
export function pageStart(title: string, policy: readonly string[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${toHtml(policy.join('; '))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${toHtml(title)}</title>`;
}

/** A value as JSON that is harmless within a script element. */
export function jsonInHtml(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

/** A script that doesn't end its element. */
function inScript(script: string): string {
  return script.replace(/<\/(?=script)/gi, '<\\/').replaceAll('<!--', '<\\!--');
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
