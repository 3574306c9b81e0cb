import type { Preprocessing } from '../data/preprocess.js';
import { networkPrefix } from '../distill/step.js';
import { Predictor } from '../runtime/predictor.js';
import { fail, present } from '../util/error.js';
import { readCheckpoint } from './checkpoint.js';
import type { Classifier, ClassifierOptions } from './classifier.js';
import { openRunGroup } from './group.js';
import { runPaths } from './run-folder.js';

/** The winner of a run, of its best checkpoint. */
export async function openRunClassifier(folder: string, options: ClassifierOptions): Promise<Classifier> {
  const { output, outputFlag = '--output' } = options;
  if (output !== undefined) {
    fail(folder, 'a run has one output', {
      got: `"${output}"`,
      hint: `Leave ${outputFlag} out, or name an ONNX model`,
    });
  }
  const checkpoint = await readCheckpoint(runPaths(folder).best);
  const { classes, preprocessing, best, tensors } = checkpoint;
  const { network } = present(best, 'the best epoch');
  const { graphs } = await openRunGroup(folder, checkpoint);
  const graph = present(graphs[network], 'the best network');
  const predictor = await Predictor.open(graph, options);
  predictor.load((name) => present(tensors.get(networkPrefix(network) + name), name));
  return {
    classes,
    input: present(graph.inputs[0], 'its input').shape,
    preprocessing: preprocessing as Preprocessing,
    settings: checkpoint.settings,
    notes: [],
    logits: (images) => predictor.logits(images),
    close: () => predictor.close(),
  };
}
