import { parametersOf } from '../group/heads.js';
import { openCheckpoint } from '../group/open-checkpoint.js';
import { Predictor } from '../runtime/predictor.js';
import { bestEpochOf } from '../store/checkpoint-check.js';
import { fail, present } from '../util/error.js';
import type { Classifier, ClassifierOptions } from './classifier.js';

/** The winner of a run, of its best checkpoint. */
export async function openRunClassifier(folder: string, options: ClassifierOptions): Promise<Classifier> {
  const { output, outputFlag = '--output' } = options;
  if (output !== undefined) {
    fail(folder, 'a run has one output', {
      got: `"${output}"`,
      hint: `Leave ${outputFlag} out, or name an ONNX model`,
    });
  }
  const { path, checkpoint, group } = await openCheckpoint(folder, 'best');
  const { classes, preprocessing, tensors } = checkpoint;
  const { network, validation } = bestEpochOf(path, checkpoint);
  const graph = present(group.graphs[network], 'the best network');
  const predictor = await Predictor.openFixed(graph, parametersOf(tensors, network), options);
  return {
    classes,
    task: checkpoint.settings.task,
    threshold: validation?.[network]?.threshold,
    input: present(graph.inputs[0], 'its input').shape,
    preprocessing,
    settings: checkpoint.settings,
    notes: [],
    logits: (images) => predictor.logits(images),
    close: () => predictor.close(),
  };
}
