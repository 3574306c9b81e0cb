import { imageVersions } from '../data/image/versions.js';
import { blockSize } from '../runtime/block-size.js';
import { CPU, DEVICES } from '../runtime/device.js';
import type { DeviceKind } from '../runtime/device-kind.js';
import { formatAdapter, probeDevice, shortReason } from '../runtime/devices/probe.js';
import { ONNXRUNTIME_VERSION } from '../runtime/version.js';
import { AGON_VERSION } from '../util/version.js';
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

async function examineDevice(kind: DeviceKind): Promise<Finding> {
  const device = { kind, index: 0 };
  const { error, adapter } = await probeDevice(device);
  const subject = `device ${kind.name}`;
  if (error !== undefined) {
    return { mark: kind.isGpu ? 'note' : 'problem', subject, text: shortReason(error, device), hint: kind.howToGet };
  }
  if (!kind.isGpu) return ok(subject, 'computes');
  return ok(subject, `computes: ${adapter ? formatAdapter(adapter) : "its adapter's name is not known"}`);
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
