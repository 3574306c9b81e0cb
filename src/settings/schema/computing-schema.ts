import { z } from 'zod';
import { AUTO, deviceNames, namedDevice } from '../../runtime/device-names.js';
import { isPeerAddress, PEER_ADDRESS } from '../../runtime/places/peer-address.js';

/** More is a slip of the hand: no machine has as many, and each would be started. */
const MOST_THREADS = 1024;
/** Their batches are in memory together. */
const MOST_IN_A_BURST = 1000;

const count = z.int().min(1);

/** Where and how a run is computed. */
export const COMPUTING = {
  engine: z.enum(['agon', 'ort-training']).default('agon').meta({
    flag: '--engine <name>',
    rare: true,
    group: 'Run',
    description:
      "what computes gradients and updates: Agon's step graph, or sessions of ONNX Runtime's on-device training",
    help: 'what computes the steps',
  }),
  device: z
    .string()
    .refine((text) => text === AUTO || namedDevice(text) !== undefined, `expected ${AUTO}, ${deviceNames()}`)
    .default('cpu')
    .meta({
      flag: '--device <device>',
      group: 'Run',
      description:
        "where to compute: `cpu`, `cuda`, `cuda:<n>` or `webgpu`; `auto`: a GPU where it is there and the group's own steps are faster on it than on the CPU, which is what the run keeps",
      help: `where to compute: ${AUTO}, ${deviceNames()}`,
    }),
  place: z
    .record(
      z.string().min(1),
      z
        .string()
        .refine(
          (text) => namedDevice(text) !== undefined || isPeerAddress(text),
          `expected ${deviceNames()}, or the address of a peer (${PEER_ADDRESS})`,
        ),
      { error: 'expected an object of devices by network' },
    )
    .nullable()
    .default(null)
    .meta({
      flag: '--place <list>',
      rare: true,
      group: 'Run',
      turnsOff: true,
      description:
        'device of each network by its name, or by its number where two have one name (`{"resnet20": "webgpu"}`, `{"0": "cpu", "1": "webgpu"}`), or the address of an `agon peer` on another machine (`{"resnet20": "tcp://192.168.0.7:7700"}`): in a step these networks exchange what they show each other. Networks that are left out are on `device`',
      help: 'devices by network: resnet20=webgpu,resnet8=cpu',
      otherwise: 'all on --device',
    }),
  peerTimeout: z.number().min(1).default(60).meta({
    flag: '--peer-timeout <seconds>',
    rare: true,
    group: 'Run',
    description: "how long the run waits for a peer of `place` that can't be reached, before it ends, in seconds",
    help: 'wait so long for a peer that is away',
  }),
  saveEvery: z.number().positive().optional().meta({
    flag: '--save-every <n>',
    rare: true,
    group: 'Run',
    description:
      'minutes between checkpoints within an epoch, beside those at the ends of epochs. Left out: 10 where `place` names peers, else none',
    help: 'also save a checkpoint every n minutes',
    otherwise: 'at the ends of epochs',
  }),
  allowFallback: z.boolean().default(false).meta({
    flag: '--allow-fallback',
    rare: true,
    group: 'Run',
    description:
      'whether the CPU may compute those parts of a graph that a GPU has no kernel for, with copies between the two in every run; without it such a graph is an error',
    help: 'let the CPU compute what a GPU has no kernel for',
  }),
  threads: count.max(MOST_THREADS).optional().meta({
    flag: '--threads <n>',
    group: 'Run',
    description: 'threads of one operator; left out: one a physical core',
    help: 'threads of one operator',
    otherwise: 'one a core',
  }),
  tune: z.boolean().default(true).meta({
    flag: '--no-tune',
    group: 'Run',
    description:
      "whether the forms that the graph's computations can take are timed once on this machine, to use the fastest",
    help: 'no auto-tuning: use the default form of every computation',
  }),
  logEvery: count.max(MOST_IN_A_BURST).optional().meta({
    flag: '--log-every <k>',
    rare: true,
    group: 'Run',
    description:
      'steps whose numbers are told together: they are copied from a graphics card once in so many steps. Log, lineage and curves have those of every step all the same. Left out: 10 with `webgpu`, else 1',
    help: 'tell of steps every k of them',
    otherwise: '10 with webgpu, else 1',
  }),
  stepsPerRun: count.max(MOST_IN_A_BURST).default(1).meta({
    flag: '--steps-per-run <k>',
    rare: true,
    group: 'Run',
    description:
      "steps in one run of ONNX Runtime's session (`Loop`): with `cuda` the networks' state stays on the card between them. Stops, checkpoints and everything that is told are by steps all the same",
    help: 'steps in one run of the session, for cuda',
  }),
  prepareOn: z.enum(['host', 'device']).optional().meta({
    flag: '--prepare-on <where>',
    rare: true,
    group: 'Run',
    description:
      'where training images are normalised, and moved where random crops out of padding and flips are the last that is done to them: on the `host`, or on the `device`, to which they then travel as bytes, a fourth as many. The numbers differ by their rounding. Left out: on the `device` with `webgpu`, else on the `host`',
    help: 'where images are normalised',
    otherwise: 'device with webgpu',
  }),
  workers: count.max(MOST_THREADS).default(1).meta({
    flag: '--workers <n>',
    group: 'Run',
    description: 'threads that decode and augment images',
  }),
};
