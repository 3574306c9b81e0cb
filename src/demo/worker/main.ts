import { startTraining } from '../../browser/start-training.js';
import type { BrowserTraining } from '../../browser/training.js';
import { parseRequested } from '../../settings/settings.js';
import { messageOf } from '../../util/error.js';
import { samplesOf } from '../../web/worker/pixels.js';
import { RUNTIME_PATH } from '../content/description.js';
import { Database } from './database.js';
import { loadPictures, loadWeights } from './load.js';
import type { CallName, Calls, OpenRequest, Reply, Request } from './messages.js';
import { Teller } from './teller.js';

let training: BrowserTraining | undefined;
let opening: Promise<Database> | undefined;
const post = (reply: Reply, transferred: Transferable[] = []) => self.postMessage(reply, { transfer: transferred });
const teller = new Teller(post);

type Calling = { readonly [Name in CallName]: (asked: Calls[Name]['asked']) => Promise<Calls[Name]['got']> };

const CALLS: Calling = {
  open,
  run,
  stop: async () => {
    opened().stop();
    return null;
  },
  predict: async (image) => {
    const { width, height } = image;
    const pixels = samplesOf(image);
    image.close();
    return opened().predict({ width, height, pixels });
  },
  exportModel: () => opened().exportModel(),
  exportRun: () => opened().exportRun(),
};

self.addEventListener('message', ({ data }: MessageEvent<Request>) => void answer(data));

async function answer({ id, name, asked }: Request): Promise<void> {
  try {
    const call = CALLS[name] as (asked: unknown) => Promise<unknown>;
    const got = await call(asked);
    post({ kind: 'answer', id, got }, got instanceof Uint8Array ? [got.buffer as ArrayBuffer] : []);
  } catch (error) {
    post({ kind: 'failed', id, reason: messageOf(error) });
  }
}

async function open({
  classes,
  pictures,
  settings,
  weights,
  provider,
  resume,
}: OpenRequest): Promise<Calls['open']['got']> {
  const saved = resume ? ((await (await database()).get('saved')) as Uint8Array | undefined) : undefined;
  teller.doing('Reading the pictures');
  const labelled = await loadPictures(await database(), pictures, classes);
  teller.doing('Preparing the networks');
  training = await startTraining({
    classes,
    pictures: labelled,
    settings: parseRequested(settings),
    ...(!saved && weights.length > 0 && { weights: await loadWeights(weights) }),
    runtimeUrl: new URL(RUNTIME_PATH, self.location.href).href,
    ...(provider && { provider }),
    ...(saved && { resume: saved }),
    emit: (event) => {
      teller.tell(event);
      if (event.type === 'epoch') void afterEpoch();
    },
  });
  return { provider: training.provider, threads: training.threads };
}

async function run(): Promise<'finished' | 'stopped'> {
  const end = await opened().run();
  teller.flush();
  await tellAccuracies();
  await save();
  return end;
}

let busy = false;

/** What an epoch has brought is shown and kept, as soon as the epoch before it is. */
async function afterEpoch(): Promise<void> {
  if (busy) return;
  busy = true;
  try {
    await tellAccuracies();
    await save();
  } catch (error) {
    post({ kind: 'fault', reason: `What was learned can’t be kept for a reload: ${messageOf(error)}` });
  } finally {
    busy = false;
  }
}

async function tellAccuracies(): Promise<void> {
  post({ kind: 'accuracies', shares: await opened().classAccuracies() });
}

async function save(): Promise<void> {
  const bytes = await opened().save();
  await (await database()).put('saved', bytes);
}

function opened(): BrowserTraining {
  if (!training) throw new Error('no training is open');
  return training;
}

/** One connection for all that is read and kept. */
function database(): Promise<Database> {
  opening ??= Database.open();
  return opening;
}
