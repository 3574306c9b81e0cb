import { pageStart } from '../pages/page/document.js';
import { nameHtml } from '../pages/show/html.js';
import { toHtml } from '../util/markup.js';
import type { PageDescription } from './content/page-description.js';

/**
 * All that the page runs and asks for comes from its own folder. Compiling WebAssembly takes a word of its own; workers are the page's, and
 * the threads of ONNX Runtime.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
];

/** So many classes are named without being asked for. */
const SHOWN = 30;

/** `index.html` of the page of a model. */
export function indexHtml({ title, classes, facts, task }: PageDescription): string {
  return `${pageStart(title, POLICY)}
<link rel="stylesheet" href="style.css">
<script src="app.js" defer></script></head>
<body><a class="skip" href="#main">To the images</a>
<header><p class="dim brand">Agon</p><h1>${nameHtml(title)}</h1>
<p class="lead">Says ${task === 'multi-label' ? `which of ${classes.length} classes images have` : `which of ${classes.length} classes an image is of`}. Images stay in this browser: none is sent anywhere.</p></header>
<div id="hint" class="late"><p><strong>The page's program doesn't run.</strong> It needs JavaScript, and a web server: browsers don't run it from a file.
In the page's folder, <code>npx http-server</code> or <code>python3 -m http.server</code> starts one.</p></div>
<main id="main" tabindex="-1">
<p id="status" role="status">Loading…</p>
${CHOICE}
${CAMERA}
${RESULTS}
${about(classes, facts)}
</main>
</body></html>
`;
}

const CHOICE = `<section aria-label="Images"><div id="drop"><p>Drop images or a folder here, or</p>
<div class="controls"><button type="button" id="choose-files" disabled>Choose images</button>
<button type="button" id="choose-folder" disabled>Choose a folder</button>
<button type="button" id="camera-start" disabled>Use the camera</button></div>
<input type="file" id="files" accept="image/*" multiple hidden aria-label="Images">
<input type="file" id="folder" webkitdirectory hidden aria-label="Folder"></div>
<p id="camera-fault" role="status" class="wrong"></p></section>`;

const CAMERA = `<section id="camera" aria-labelledby="camera-title" hidden><h2 id="camera-title">Camera</h2>
<p id="camera-status" role="status" class="hidden"></p>
<div class="live-view"><video id="video" muted playsinline aria-label="What the camera sees"></video>
<div><div id="camera-answer"></div><p class="dim" id="camera-time"></p></div></div>
<div class="controls"><button type="button" id="camera-stop">Stop the camera</button></div></section>`;

const RESULTS = `<section id="results" aria-labelledby="results-title" hidden><h2 id="results-title">Results</h2>
<p id="progress" role="status"></p><progress id="bar" aria-label="Images classified" hidden></progress>
<div class="controls"><button type="button" id="stop" hidden>Stop</button><button type="button" id="csv">Download CSV</button>
<button type="button" id="clear">Clear</button></div><ol class="cards" id="cards"></ol></section>`;

function about(classes: readonly string[], facts: PageDescription['facts']): string {
  const lines = facts.map(([name, value]) => `<dt>${toHtml(name)}</dt><dd>${toHtml(value)}</dd>`);
  const own = [
    ['provider', 'Runs by'],
    ['reasons', 'Not by WebGPU because'],
    ['difference', 'A test image’s probabilities differ from those in Node.js by'],
    ['offline', 'Works without a network'],
  ].map(([id, name]) => `<dt id="${id}-name">${name}</dt><dd id="${id}"></dd>`);
  const names = classes.map((name) => nameHtml(name)).join(', ');
  return `<section id="about" aria-labelledby="about-title" hidden><h2 id="about-title">The model</h2>
<dl class="facts">${[...lines, ...own].join('\n')}<dt>Classes</dt><dd>${classes.length > SHOWN ? `<details><summary>${classes.length} classes</summary>${names}</details>` : names}</dd></dl>
<p class="dim"><a href="model.onnx" download>model.onnx</a> runs in other programs too.</p></section>`;
}
