import { fork } from 'node:child_process';
import { imageVersions } from '../data/image/versions.js';
import { blockSize } from '../runtime/block-size.js';
import { CPU, DEVICES } from '../runtime/device.js';
import type { DeviceKind } from '../runtime/device-kind.js';
import { ONNXRUNTIME_VERSION } from '../runtime/version.js';
import { AGON_VERSION } from '../util/version.js';
import { workerFile } from '../util/worker-file.js';
import { type Finding, ok } from './finding.js';

/** The majors of Node.js that package.json names, with the first minor of each. */
const SUPPORTED: ReadonlyMap<number, number> = new Map([
  [20, 9],
  [22, 0],
  [24, 0],
  [26, 0],
]);

/** The versions of Agon and of what it runs on. */
export function examineVersions(node: string = process.versions.node): Finding[] {
  const { sharp, vips } = imageVersions();
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const platform = `${process.platform} ${process.arch}`;
  const isSupported = minor >= (SUPPORTED.get(major) ?? Number.POSITIVE_INFINITY);
  return [
    ok('Agon', `${AGON_VERSION} on ONNX Runtime ${ONNXRUNTIME_VERSION}, sharp ${sharp}, libvips ${vips}`),
    isSupported
      ? ok('Node.js', `${node}, ${platform}`)
      : {
          mark: major < 20 ? 'problem' : 'note',
          subject: 'Node.js',
          text: `${node}, ${platform}: not a version that Agon is tested with`,
          hint: `Install Node.js ${[...SUPPORTED.keys()].join(', ')}`,
        },
  ];
}

/** Whether each kind of device computes, and why one doesn't. */
export async function examineDevices(kinds: readonly DeviceKind[] = Object.values(DEVICES)): Promise<Finding[]> {
  return Promise.all(kinds.map(examineDevice));
}

async function examineDevice({ name, howToGet }: DeviceKind): Promise<Finding> {
  const subject = `device ${name}`;
  const reason = await probe(name);
  if (reason === undefined) return ok(subject, 'computes');
  // The message ends with how to get it, which is the hint
  const text = shortened(reason.split(`. ${howToGet}`)[0] ?? '');
  return { mark: name === CPU.kind.name ? 'problem' : 'note', subject, text, hint: howToGet };
}

/** Why a device doesn't compute; undefined where it does. In another process: drivers write on their own, and some end it. */
async function probe(name: string): Promise<string | undefined> {
  const { filename, execArgv } = workerFile(import.meta.url, './probe');
  const child = fork(filename, [name], { ...(execArgv && { execArgv }), stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  return new Promise((resolve) => {
    child.on('message', ({ reason }: { readonly reason?: string }) => resolve(reason));
    child.on('error', ({ message }) => resolve(message));
    child.on('exit', (code, signal) => resolve(`the process that tried it ended with ${signal ?? code}`));
  });
}

/** A reason without Agon's own beginning and without the place in ONNX Runtime's sources. */
function shortened(reason: string): string {
  return reason.replace(/^device \S+: (can't be used: )?/, '').replace(/^\/\S+:\d+ .* was false\. /, '');
}

/** Whether training steps have ONNX Runtime's blocked layout on this processor. */
export async function examineLayout(): Promise<Finding> {
  const subject = 'layout';
  const block = await blockSize(CPU);
  if (block !== undefined) return ok(subject, `channel-blocked, ${block} channels a block: the fast form on the CPU`);
  return {
    mark: 'note',
    subject,
    text: 'this ONNX Runtime has no channel-blocked layout on this processor: training takes the portable form, which is slower',
    hint: 'Nothing is wrong with the results. Processors with AVX2 or AVX-512 have it',
  };
}
