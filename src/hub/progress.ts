import type { FetchProgress } from './fetched.js';

/** `resnet18.tv_in1k/model.safetensors, 12.3 of 46.8 MB` */
export function formatProgress({ name, bytes, total }: FetchProgress): string {
  const megabytes = (count: number) => (count / 1e6).toFixed(1);
  return `${name}, ${megabytes(bytes)}${total === undefined ? '' : ` of ${megabytes(total)}`} MB`;
}

/** Tells of at most a hundred parts of a file of known size, and of every megabyte of others. */
export function everyPercent(tell: (progress: FetchProgress) => void): (progress: FetchProgress) => void {
  let last = '';
  return (progress) => {
    const { name, bytes, total } = progress;
    const part = `${name} ${Math.floor(total === undefined ? bytes / 1e6 : (100 * bytes) / total)}`;
    if (part !== last) tell(progress);
    last = part;
  };
}
