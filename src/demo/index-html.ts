import { jsonInHtml, pageStart } from '../pages/page/document.js';
import { DESCRIPTION_ID, type DemoDescription } from './content/description.js';

/**
 * All that the page runs and asks for comes from its own server, which only gives: what a user puts into the page can't leave it. Compiling
 * WebAssembly takes a word of its own; pictures of the user's are blobs.
 */
const DIRECTIVES = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  'img-src data: blob:',
];
/** Of the page and its files, beside what the server always says. */
export const POLICY = DIRECTIVES.join('; ');
/** Of the worker, which has its policy from its own file: protobufjs composes what reads and writes ONNX as functions, from its own texts. */
export const WORKER_POLICY = POLICY.replace("'wasm-unsafe-eval'", "'wasm-unsafe-eval' 'unsafe-eval'");

/** The page in which networks train. */
export function indexHtml(description: DemoDescription): string {
  return `${pageStart('Agon: train in this page', DIRECTIVES)}
<link rel="stylesheet" href="/style.css">
<script src="/app.js" defer></script></head>
<body><a class="skip" href="#main">To the classes</a>
${HEADER}
<main id="main" tabindex="-1">
${CLASSES}
${TAKE}
${TRAIN}
${TRY}
${KEEP}
${ABOUT}
</main>
<script type="application/json" id="${DESCRIPTION_ID}">${jsonInHtml(description)}</script>
</body></html>
`;
}

const HEADER = `<header><p class="dim brand">Agon</p><h1>Two networks learn from your pictures</h1>
<p class="lead">Show what is to be told apart. Two networks then compete in this page: in every step the one that does better teaches the other.</p>
<p class="private"><strong>Nothing leaves this page.</strong> Pictures, networks and results stay in this browser.</p>
<p id="hint" class="late wrong">The page’s program doesn’t run: it needs JavaScript.</p>
<p id="fault" class="fault" role="alert" hidden></p></header>`;

const CLASSES = `<section aria-labelledby="classes-title"><h2 id="classes-title"><span class="number-of">1</span> Classes</h2>
<p class="dim">Two to five things to tell apart, each with its pictures. Different backgrounds, distances and light make them useful.</p>
<p id="classes-locked" class="note" hidden></p>
<div id="classes" class="classes"></div>
<div class="controls"><button type="button" id="add-class" disabled>Add a class</button>
<button type="button" id="choose-folder" disabled>Choose a folder of class folders</button>
<input type="file" id="folder" webkitdirectory hidden aria-label="Folder of class folders"></div>
<p id="classes-status" role="status" class="status dim"></p></section>`;

const TAKE = `<section aria-labelledby="take-title"><h2 id="take-title"><span class="number-of">2</span> Take pictures here</h2>
<p class="dim">Or choose them above, or drop them on a class.</p>
<div class="controls" role="group" aria-label="Where pictures come from"><button type="button" id="take-camera" aria-expanded="false" aria-controls="camera" disabled>Camera</button>
<button type="button" id="take-drawing" aria-expanded="false" aria-controls="drawing" disabled>Draw</button></div>
<div id="camera" class="studio" hidden></div><div id="drawing" class="studio" hidden></div>
<p id="take-status" role="status" class="status"></p></section>`;

const TRAIN = `<section aria-labelledby="train-title"><h2 id="train-title"><span class="number-of">3</span> Train</h2>
<form id="choices" class="choices"></form>
<div class="controls"><button type="button" id="start" class="main" disabled>Train</button>
<button type="button" id="stop" hidden>Stop</button><button type="button" id="go-on" class="main" hidden>Go on</button>
<button type="button" id="start-over" hidden>Start over</button></div>
<p id="train-status" role="status" class="status"></p>
<p id="train-now" class="dim now" hidden><progress id="train-bar" max="1" value="0" aria-label="Training"></progress><span id="train-progress"></span></p>
<p id="runs-on" class="dim" hidden></p>
<div id="contest" hidden><div id="duel" class="duel"></div><div id="charts" class="charts"></div><div id="teaching"></div>
<div id="by-class"></div></div></section>`;

const TRY = `<section id="try" aria-labelledby="try-title"><h2 id="try-title"><span class="number-of">4</span> Try it</h2>
<p id="try-hint" class="dim">Once the networks train, they say here what they see: in the camera, in a drawing, in a picture that you drop.</p>
<div id="try-ready" hidden><div class="controls" role="group" aria-label="What the networks look at"><button type="button" id="try-camera" aria-pressed="false">Camera</button>
<button type="button" id="try-drawing" aria-pressed="false">Draw</button><button type="button" id="try-file">Choose a picture</button>
<input type="file" id="try-input" accept="image/*" hidden aria-label="Picture to try"></div>
<div class="trial"><div id="try-view" class="try-view"><p class="drop-hint">Drop a picture here</p></div><div id="answers" class="answers-of"></div></div>
<p id="try-status" role="status" class="hidden"></p><p id="try-fault" role="status" class="wrong"></p></div></section>`;

const KEEP = `<section aria-labelledby="keep-title"><h2 id="keep-title"><span class="number-of">5</span> Take it with you</h2>
<div class="keep"><div><h3>The model</h3><p class="dim">The better network as an ONNX file. It prepares pictures of any size itself, and runs in Python, C++, Java, browsers and Node.js.</p>
<div class="controls"><button type="button" id="export-model" disabled>Download the model</button></div>
<p class="dim"><code>agon predict model.onnx some.jpg</code></p></div>
<div><h3>The run</h3><p class="dim">Networks, optimizer, log and pictures as a zip. Unpack it: Agon goes on with it in Node.js, where this page has stopped.</p>
<div class="controls"><button type="button" id="export-run" disabled>Download the run</button></div>
<p class="dim"><code id="resume-command">agon train --resume agon-run</code></p></div></div>
<p id="keep-status" role="status" class="status"></p></section>`;

const ABOUT = `<section aria-labelledby="about-title"><h2 id="about-title">Where it runs</h2>
<dl class="facts" id="about"><dt>Computes</dt><dd id="about-provider">not yet</dd><dt>Begins with</dt><dd id="about-weights"></dd><dt>Kept</dt><dd>pictures and networks in this browser’s own storage, until you start over or delete them</dd>
<dt>Sent</dt><dd>nothing: the page’s policy lets it load from its own server alone, which takes nothing</dd></dl>
<div class="controls"><button type="button" id="forget" disabled>Delete everything</button></div></section>`;
