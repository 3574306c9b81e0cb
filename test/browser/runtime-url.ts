import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The folder of ONNX Runtime's files for browsers. */
export const RUNTIME_FILES = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
/** Its address: Node.js can run them on its processor as well. */
export const RUNTIME_URL = pathToFileURL(RUNTIME_FILES).href;
