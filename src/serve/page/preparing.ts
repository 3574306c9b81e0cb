import { createHash } from 'node:crypto';
import { toHtml } from '../../util/markup.js';
import type { Content } from '../http/reply.js';

const STYLE = `:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 20vh auto 0; padding: 0 1rem; overflow-wrap: anywhere; }`;

const SCRIPT = `const events = new EventSource('events');
const said = document.getElementById('doing');
events.addEventListener('progress', ({ data }) => { said.textContent = JSON.parse(data).doing ?? 'beginning'; });
events.addEventListener('change', () => location.reload());
events.addEventListener('end', () => { events.close(); said.textContent = 'It has ended before its first step.'; });`;

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const POLICY = `default-src 'none'; connect-src 'self'; script-src ${hashOf(SCRIPT)}; style-src ${hashOf(STYLE)}`;

/** What stands in a run's place before its first step: what is being done. It gives way to the run's page by itself. */
export function preparingPage(name: string): Content {
  const body = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${toHtml(name)}: beginning</title><style>${STYLE}</style></head>
<body><main><h1>${toHtml(name)}</h1><p>This run has not begun yet: <span id="doing" role="status">preparing</span></p></main>
<script>${SCRIPT}</script></body></html>
`;
  return { kind: 'content', type: 'text/html', body, policy: POLICY };
}
