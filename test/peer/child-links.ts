/** Opens and closes a network's place at a peer some times, amid work that keeps its thread: `node --import tsx child-links.ts ADDRESS`. */
import { buildPlacedSteps } from '../../src/distill/places/place-steps.js';
import { BATCH, resNet, SETTINGS } from '../distill/steps.js';
import { wayToPeers } from './way-to-peers.js';

const TIMES = 12;
const [address = ''] = process.argv.slice(2);
const keepThread = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);

const plan = { networks: [resNet(), resNet()], settings: SETTINGS, options: { batch: BATCH } };
const [step] = buildPlacedSteps(plan).places;
for (let i = 0; step && i < TIMES; i++) {
  const { place } = await wayToPeers().openPeer(address, 'network 0', step, { precision: 'float32', tune: false });
  for (let asked = 0; asked < 3; asked++) {
    const answered = place.state([]);
    keepThread();
    await answered;
  }
  await place.close();
  (globalThis as { gc?: () => void }).gc?.();
  keepThread();
  await new Promise((resolve) => setTimeout(resolve, 50));
  (globalThis as { gc?: () => void }).gc?.();
}
process.stdout.write('done\n');
