import { type ImportedModel, importModel } from '../artifacts/import-model.js';
import type { ForeignOptions } from '../foreign/foreign-model.js';
import { firstBatch, noteOf, readingOf } from '../foreign/reading.js';
import { lower } from '../lower/lower.js';
import { portable } from '../lower/portable/portable.js';
import type { ModelProto } from '../onnx/model.js';
import type { Tensor } from '../onnx/tensor.js';
import { CPU } from '../runtime/device.js';
import { Predictor } from '../runtime/predictor.js';
import { present } from '../util/error.js';

/** The network of an inference model, whose output is logits whatever the model gives: a first batch says what that is. */
export async function importLogits(model: ModelProto, path: string, options: ForeignOptions): Promise<ImportedModel> {
  const network = importModel(model, path, options);
  const { choice, notes } = network;
  if (choice.scores === 'logits') return network;
  const output = { output: choice.name, scores: choice.scores };
  const reading = readingOf(output, await firstScores(network), path, options);
  if (reading === 'logits') return network;
  return { ...importModel(model, path, { ...options, reading }), notes: [...notes, ...noteOf(reading, output)] };
}

async function firstScores({ graph, parameters, image }: ImportedModel): Promise<Tensor> {
  const predictor = await Predictor.open(lower(graph, portable), { device: CPU });
  try {
    predictor.load((name) => present(parameters.get(name), name));
    return await predictor.logits(firstBatch([image.channels, image.height, image.width]));
  } finally {
    await predictor.close();
  }
}
