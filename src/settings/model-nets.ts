import { basename, extname } from 'node:path';
import type { Settings } from './settings.js';

type Net = Settings['nets'][number];

/** Whether an entry of `nets` is the path of an ONNX model; others are of the zoo. */
export function isModelFile(net: Net): net is string {
  return typeof net === 'string' && extname(net).toLowerCase() === '.onnx';
}

/** Whether a group has networks of ONNX models. */
export function hasModels({ nets }: Pick<Settings, 'nets'>): boolean {
  return nets.some(isModelFile);
}

/** What reports call the network of a model's file. */
export function modelName(path: string): string {
  return basename(path, extname(path));
}
