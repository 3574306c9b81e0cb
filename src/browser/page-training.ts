import { summarise } from '../data/dataset/summary.js';
import { withChannels } from '../data/image/channels.js';
import { toTensor } from '../data/image/preprocess.js';
import { presetDifferences } from '../settings/presets.js';
import { spanAt } from '../settings/spans.js';
import { dataRecordText } from '../store/data-record-text.js';
import { RUN_FILES } from '../store/run-files.js';
import { inputsOf } from '../train/batch-inputs.js';
import { endsEarly } from '../train/early-stopping.js';
import { loadPredictors } from '../train/evaluate.js';
import { probabilitiesOf, rowOf } from '../train/logit-rows.js';
import { trainLoop } from '../train/loop.js';
import { Stopped } from '../train/stop.js';
import { at } from '../util/checked.js';
import { fail } from '../util/error.js';
import { AGON_VERSION } from '../util/version.js';
import { openPageEngine } from './page-engine.js';
import { exportedModel } from './page-export.js';
import { runFiles, zipOf } from './page-files.js';
import { loopContext } from './page-loop.js';
import type { PageRun } from './page-run.js';
import { fingerprintOf } from './pictures/page-content.js';
import type { BrowserTraining, LabelledPicture } from './training.js';

/** A {@link BrowserTraining}. */
export class PageTraining implements BrowserTraining {
  readonly #run: PageRun;
  #running: Promise<unknown> | undefined;
  #started = false;

  /** @param askStop - Makes, or takes back, the request to stop that the run sees. */
  constructor(
    run: PageRun,
    private readonly askStop: (asked: boolean) => void,
  ) {
    this.#run = run;
  }

  get provider() {
    return this.#run.engine.runtime.provider;
  }

  get threads(): number {
    return this.#run.engine.runtime.threads;
  }

  run(): Promise<'finished' | 'stopped'> {
    if (this.#running) fail('training', 'is running already');
    this.askStop(false);
    const ended = this.#train().finally(() => {
      this.#running = undefined;
    });
    this.#running = ended.catch(() => undefined);
    return ended;
  }

  stop(): void {
    this.askStop(true);
  }

  async predict({ width, height, pixels }: Pick<LabelledPicture, 'width' | 'height' | 'pixels'>) {
    const { data, order } = this.#run;
    const { preprocessing } = data;
    const picture = withChannels({ data: pixels, width, height, channels: 3 }, preprocessing.channels);
    const { inputs } = this.#run.engine;
    const fed = await inputs.inputsFor(toTensor(picture, preprocessing));
    const predictors = await this.#predictorsOfNow();
    const answers: Float32Array[] = [];
    for (const [i, predictor] of predictors.entries()) {
      const probabilities = probabilitiesOf(await predictor.logits(at(fed, i)), 0);
      answers.push(Float32Array.from(order.runIndex, (own) => at(probabilities, own)));
    }
    return answers;
  }

  async classAccuracies(): Promise<number[][]> {
    const { data, order, engine } = this.#run;
    const { inputs } = engine;
    const predictors = await this.#predictorsOfNow();
    const images = new Float64Array(order.classes.length);
    const right = predictors.map(() => new Float64Array(order.classes.length));
    if (data.dataset.validation) {
      const loader = inputs.evaluation('validation');
      for await (const batch of loader.epoch()) {
        const fed = inputsOf(batch, predictors.length, data.preprocessing);
        const logits = await Promise.all(predictors.map((each, i) => each.logits(at(fed, i))));
        for (const [row, label] of batch.labels.entries()) {
          images[label] = at(images, label) + 1;
          for (const [i, each] of logits.entries()) {
            const own = rowOf(each, row);
            if (own.indexOf(Math.max(...own)) === label) at(right, i)[label] = at(at(right, i), label) + 1;
          }
        }
      }
    }
    return right.map((counts) => order.runIndex.map((own) => at(counts, own) / at(images, own)));
  }

  async save(): Promise<Uint8Array> {
    const { record } = this.#run;
    return zipOf(await runFiles(record, record.last.dataFingerprint));
  }

  async exportModel(): Promise<Uint8Array> {
    const { group, record, engine } = this.#run;
    const onnxruntime = engine.runtime.version;
    if (record.best) return exportedModel({ group, checkpoint: record.best, which: 'best', onnxruntime });
    return exportedModel({ group, checkpoint: record.last, which: 'last', onnxruntime });
  }

  async exportRun(): Promise<Uint8Array> {
    const { record, data, files } = this.#run;
    const content = await files.content();
    const all = await runFiles(record, await fingerprintOf(data.whole, content));
    all.set(RUN_FILES.data, new TextEncoder().encode(dataRecordText({ content })));
    for (const path of data.pictures.split.source.paths) all.set(path, files.encode(path));
    return zipOf(all, FOLDER);
  }

  async close(): Promise<void> {
    this.stop();
    await this.#running;
    await this.#run.engine.close();
  }

  async #train(): Promise<'finished' | 'stopped'> {
    const { settings, record } = this.#run;
    record.rewind();
    this.#run.engine.stepper.load(this.#run.engine.stateAfter(record.last));
    this.#tellStart();
    try {
      for (;;) {
        await this.#nextSpan();
        const { epoch } = record.last.position;
        if (epoch >= settings.epochs || endsEarly(settings, record.last.best, record.last.position)) return 'finished';
        const end = await trainLoop(loopContext(this.#run));
        if (end.stoppedAt) return this.#tellStop();
      }
    } catch (error) {
      if (error instanceof Stopped) return this.#tellStop();
      throw error;
    }
  }

  /** Opens the engine of the epochs to come, where these train other layers than those before. */
  async #nextSpan(): Promise<void> {
    const { settings, record, engine } = this.#run;
    if (spanAt(settings, record.last.position.epoch).begin === engine.span.begin) return;
    this.#run.engine = (await openPageEngine(this.#run, engine.runtime, record.last)).engine;
    await engine.close();
  }

  async #predictorsOfNow() {
    const { engine } = this.#run;
    const { inputs, stepper } = engine;
    const predictors = inputs.predictors.map((each) => each.twin());
    const { graph, state: names } = inputs.step;
    // The optimizer's is not for predictions, and more than all the rest
    const learned = names.filter((name) => graph.parameters.get(name)?.role !== 'optimizer');
    const state = new Map([...inputs.fixed, ...(await stepper.state(learned))]);
    loadPredictors(predictors, state);
    return predictors;
  }

  #tellStart(): void {
    if (this.#started) return;
    this.#started = true;
    const { settings, group, data, engine, record, emit } = this.#run;
    const { channels, height, width } = data.preprocessing;
    const { position } = record.last;
    emit({
      type: 'start',
      folder: FOLDER,
      settings,
      presetDifferences: presetDifferences(settings),
      networks: group.networks,
      data: summarise(data.dataset),
      input: [channels, height, width],
      stepsPerEpoch: engine.inputs.training.steps,
      ...((position.epoch > 0 || position.step > 0) && { resumedAt: position }),
      agon: AGON_VERSION,
      onnxruntime: engine.runtime.version,
    });
  }

  #tellStop(): 'stopped' {
    const { record, emit } = this.#run;
    emit({ type: 'stop', ...record.last.position, checkpoint: RUN_FILES.last });
    return 'stopped';
  }
}

/** The folder of the run in its archive. */
const FOLDER = 'agon-run';
