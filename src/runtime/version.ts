import * as ort from './onnxruntime.js';

/** The version of ONNX Runtime in use. */
export const ONNXRUNTIME_VERSION: string = ort.env.versions.node ?? ort.env.versions.common;
