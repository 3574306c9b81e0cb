/** Whether an entry of a run's networks is the path of an ONNX model; others are of the zoo. */
export function isModelFile(net: unknown): net is string {
  return typeof net === 'string' && /\.onnx$/i.test(net);
}

/** Whether a group has networks of ONNX models. */
export function hasModels({ nets }: { readonly nets: readonly unknown[] }): boolean {
  return nets.some(isModelFile);
}

/** What reports call the network of a model's file: its name without folder and `.onnx`. */
export function modelName(path: string): string {
  return (path.split(/[\\/]/).at(-1) ?? path).replace(/\.onnx$/i, '');
}
