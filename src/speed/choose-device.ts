import { type Device, formatDevice } from '../runtime/device-kind.js';
import { AUTO } from '../runtime/device-names.js';
import { chooseDevice } from '../runtime/devices/choose.js';
import { messageOf } from '../util/error.js';
import { inProcess } from './bench.js';
import type { CellPlan } from './cell.js';

/** A model, and how it is going to be used. */
export interface UsedModel extends Pick<CellPlan, 'preprocessing' | 'output' | 'task' | 'allowFallback'> {
  readonly path: string;
  /** What the user names; the CPU when left out. */
  readonly device?: string | undefined;
  readonly threads?: number | undefined;
  /** Images in a call. */
  readonly batch: number;
  /** Gets why a device was chosen, where that was left open. */
  readonly onChoice: (why: string) => void;
}

/** For which calls are timed. */
const SECONDS = 0.5;

/** The device that a model is to be used on: the one that is named, or by timing it on those that there are. */
export async function deviceForModel(model: UsedModel): Promise<string | undefined> {
  const { device: asked, allowFallback = false, threads = 0, onChoice, ...plan } = model;
  if (asked !== AUTO) return asked;
  const time = (device: Device) => {
    const cell = inProcess({ ...plan, threads, seconds: SECONDS, device: formatDevice(device), allowFallback });
    return cell.then(
      ({ opened, model: { p50 } }) => ({ value: { start: opened, steps: [p50] } }),
      (error: unknown) => ({ error: messageOf(error) }),
    );
  };
  const { device, why } = await chooseDevice({ what: `${plan.batch} images`, time }, allowFallback);
  onChoice(`device ${why}`);
  return formatDevice(device);
}
