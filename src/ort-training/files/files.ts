/** The names of the files, as ONNX Runtime's examples have them. */
export const ORT_FILES = {
  training: 'training_model.onnx',
  evaluation: 'eval_model.onnx',
  optimizer: 'optimizer_model.onnx',
  checkpoint: 'checkpoint',
} as const;

/** The metadata of a model that say, as JSON, how its images are normalised. */
export const PREPROCESSING_KEY = 'preprocessing';
