import { readModelFile } from '../onnx/file.js';
import { readAssessment } from '../store/assessment.js';
import { runPaths } from '../store/run-folder.js';
import { graphNodes } from './graph-nodes.js';
import { mistakePictures } from './mistakes.js';
import type { TensorBoardLog } from './tensorboard-log.js';

/** Adds what a finished run has in its folder: the winner's graph, and pictures of what it gets wrong where they have been assessed. */
export async function addResults(log: TensorBoardLog, folder: string, model: string): Promise<void> {
  const { graph } = await readModelFile(model);
  log.addGraph(graphNodes(graph));
  const assessment = await readAssessment(runPaths(folder).assessment);
  if (assessment) log.addPictures(await mistakePictures(assessment));
}
