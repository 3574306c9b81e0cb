import type { Rates } from '../../../ort-training/files/rates.js';
import { formatBytes, printable } from '../../../report/format.js';
import type { Settings } from '../../../settings/settings.js';
import { present } from '../../../util/error.js';
import { failUsage } from '../../io/usage-error.js';
import type { ExportPlan } from './plan.js';

/** Writes the files of ONNX Runtime's on-device training; returns the lines that tell of them. */
export async function writeOrtTraining(plan: ExportPlan): Promise<string[]> {
  const { settings, batch, folder, overwrite, distill } = plan;
  const { exportOrtTraining } = await import('../../../ort-training/files/export.js');
  const network = await networkOf(plan);
  const { alpha, temperature, labelSmoothing, optimizer } = settings;
  const files = await exportOrtTraining(
    folder,
    {
      network: network.graph,
      weights: network.weights,
      updates: network.updates,
      batch,
      optimizer,
      rates: await ratesOf(plan),
      labelSmoothing,
      preprocessing: plan.trained?.preprocessing,
      ...(distill && { distillation: { alpha, temperature } }),
    },
    { overwrite },
  );
  const sizes = [...files].map(([path, bytes]) => `  ${printable(path)}  ${formatBytes(bytes.length)}`);
  return [`${printable(folder)}: ${printable(network.name)} for batches of ${batch}, ${describe(settings)}`, ...sizes];
}

function describe({ optimizer }: Settings): string {
  return `${optimizer.name} ${optimizer.lr}`;
}

async function networkOf({ settings, input, trained }: ExportPlan) {
  if (trained) {
    const { tensorsOf } = await import('../../../group/heads.js');
    const { best, networks, updates } = trained;
    if (best === undefined) {
      const got = networks.map(({ name }) => name).join(', ');
      return failUsage('--from', 'it has several networks', {
        expected: 'one',
        got,
        hint: 'Train it, and take the run',
      });
    }
    const { name, build } = present(networks[best], 'the network');
    return { name, graph: build(input), weights: tensorsOf(trained.tensors, best), updates };
  }
  const { nets, seed } = settings;
  if (nets.length > 1) {
    failUsage('--nets', `these files hold one network, not ${nets.length}`, {
      hint: 'Export each to a folder of its own',
    });
  }
  const { buildNetwork, planNetwork } = await import('../../../nets/registry.js');
  const { initialiseParameters } = await import('../../../nets/initialise.js');
  const plan = planNetwork(nets[0]);
  const graph = buildNetwork(plan, input);
  return { name: plan.name, graph, weights: initialiseParameters(graph, seed, 0), updates: 0 };
}

/** The learning rate of each update: one, or a whole schedule. */
async function ratesOf({ settings, stepsPerEpoch }: ExportPlan): Promise<Rates> {
  const { optimizer, schedule, warmupEpochs, epochs } = settings;
  if (stepsPerEpoch === undefined) return [optimizer.lr];
  if (schedule.name === 'plateau') {
    failUsage('--schedule', 'plateau goes by the losses of the training, of which these files know nothing', {
      hint: 'Use another schedule, or leave out --steps-per-epoch for one rate',
    });
  }
  const { bakeRates } = await import('../../../ort-training/files/rates.js');
  const { learningRateAt } = await import('../../../optim/schedule.js');
  const plan = { base: optimizer.lr, schedule, warmupEpochs, epochs, stepsPerEpoch };
  return bakeRates(epochs * stepsPerEpoch, (step) => learningRateAt(step, plan));
}
