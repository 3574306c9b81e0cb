import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flattenState } from '../../../src/lower/flat/flatten.js';
import { lower } from '../../../src/lower/lower.js';
import { tensor } from '../../../src/onnx/tensor.js';
import { openSession, runOnce } from './graph-session.js';
import type { Answers } from './jobs.js';
import type { Place } from './places.js';
import { type DeviceStep, stepOf } from './steps.js';

/** Small images, as the number of kernels doesn't depend on their size. */
const SIZES = { batch: 2, size: 16, classes: 10 };

/** The networks whose kernels are counted, and the graphs that they are counted of. */
export const COUNTED = ['resnet8', 'resnet18_cifar', 'mobilenet_v2_cifar_0.5'] as const;
export const countedStep = (net: string): DeviceStep => stepOf([net], {}, {}, SIZES);

/** The kernels of a step, as ONNX Runtime's profile has them. */
export async function countInProfiles(place: Place): Promise<Answers> {
  const counts: Record<string, Record<string, number[]>> = {};
  for (const net of COUNTED) counts[net] = { kernels: [await countInProfile(countedStep(net), place)] };
  return counts;
}

async function countInProfile({ source, state, feeds }: DeviceStep, place: Place): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'agon-profile-'));
  try {
    const { carried } = flattenState(source);
    const graph = lower(carried.graph, place.target);
    const session = await openSession(graph, place, {
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
    });
    const parameters = [...graph.parameters].map(([name, { value }]) => {
      const length = value.shape.reduce((product, size) => product * size, 1);
      return [name, state.get(name) ?? tensor('float32', value.shape, new Float32Array(length).fill(0.1))] as const;
    });
    const given = Object.entries(feeds(0)).map(([name, value]) => {
      return [
        name,
        value.dtype === 'int64' ? tensor('int32', value.dims, Array.from(value.data, Number)) : value,
      ] as const;
    });
    await runOnce(session, Object.fromEntries([...parameters, ...given]), () => session.endProfiling());
    const [file = ''] = readdirSync(folder);
    const events = JSON.parse(readFileSync(join(folder, file), 'utf8')) as readonly { cat: string }[];
    return events.filter(({ cat }) => cat === 'Api').length;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
