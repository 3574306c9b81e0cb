import '../../pages/client/base.css';
import './style.css';
import { DESCRIPTION_FILE, type PageDescription } from '../content/page-description.js';
import { Camera } from './camera.js';
import { chosenFiles, droppedFiles } from './dropped-files.js';
import { byId } from './elements.js';
import { keepOffline } from './keep-offline.js';
import { openPredictor, type Predictor } from './predictor.js';
import { Queue } from './queue.js';

const status = byId('status');

async function begin(): Promise<void> {
  byId('hint').remove();
  const offline = await keepOffline();
  const page = (await (await fetch(DESCRIPTION_FILE)).json()) as PageDescription;
  const predictor = await openPredictor(wantedProvider(), (what) => {
    status.textContent = `Loading ${what}…`;
  });
  const queue = new Queue(predictor, page);
  new Camera(predictor, page);
  listen(queue);
  showReady(predictor, offline);
}

/** A way to run the model that the address asks for: `?provider=wasm`. */
function wantedProvider() {
  const wanted = new URLSearchParams(location.search).get('provider');
  return wanted === 'wasm' || wanted === 'webgpu' ? wanted : null;
}

function listen(queue: Queue): void {
  for (const kind of ['files', 'folder']) {
    const [button, input] = [byId<HTMLButtonElement>(`choose-${kind}`), byId<HTMLInputElement>(kind)];
    button.addEventListener('click', () => input.click());
    input.addEventListener('change', () => {
      void queue.add(chosenFiles(input.files ?? []));
      // Or the same choice would be no change the next time.
      input.value = '';
    });
  }
  listenToDrops(queue);
  for (const id of ['choose-files', 'choose-folder', 'camera-start']) byId<HTMLButtonElement>(id).disabled = false;
}

/** Anywhere on the page: elsewhere the browser would leave it for the image. */
function listenToDrops(queue: Queue): void {
  const zone = byId('drop');
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    zone.classList.add('over');
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!relatedTarget) zone.classList.remove('over');
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    zone.classList.remove('over');
    if (event.dataTransfer) void droppedFiles(event.dataTransfer).then((files) => queue.add(files));
  });
}

function showReady({ provider, threads, difference, reasons }: Predictor, offline: boolean): void {
  const where = provider === 'webgpu' ? 'on the graphics card' : `on the processor, ${threadsText(threads)}`;
  byId('provider').textContent = `ONNX Runtime ${provider === 'webgpu' ? 'WebGPU' : 'WebAssembly'}, ${where}`;
  byId('difference').textContent = difference < 1e-7 ? 'less than 1e-7' : difference.toExponential(1);
  byId('offline').textContent = offline ? 'yes' : 'no: it takes a page from https: or from this machine';
  byId('reasons').textContent = reasons.join('; ').replace('webgpu: ', '');
  for (const id of ['reasons-name', 'reasons']) byId(id).hidden = reasons.length === 0;
  byId('about').hidden = false;
  status.textContent = 'The model is ready.';
  document.documentElement.dataset.ready = provider;
}

const threadsText = (threads: number) => (threads === 1 ? 'one thread' : `${threads} threads`);

begin().catch((error: unknown) => {
  status.textContent = `The model can't run here: ${error instanceof Error ? error.message : String(error)}`;
  status.classList.add('wrong');
});
