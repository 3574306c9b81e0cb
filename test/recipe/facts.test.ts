import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { planTraining } from '../../src/cli/commands/train.js';
import { surveyData } from '../../src/recipe/facts.js';
import { parseSettings } from '../../src/settings/settings.js';
import { parseFlags } from '../cli/command-line.js';
import { png, temporaryFolder, writeTree } from '../data/helpers.js';
import { smallData } from '../run/runs.js';

const USUAL = parseSettings({});

/** Class folders of so many images each, mostly of one size, one of them damaged and one small. */
async function pictures(classes: number, each: number, [height, width]: readonly [number, number]): Promise<string> {
  const folder = await temporaryFolder();
  for (let c = 0; c < classes; c++) {
    const files: Record<string, string | Uint8Array> = {};
    for (let i = 0; i < each; i++) files[`class${c}/${i}.png`] = await png(height + i, width, 10 * c + i);
    files[`class${c}/small.png`] = await png(8, 9, c);
    files[`class${c}/damaged.png`] = 'no picture';
    await writeTree(folder, files);
  }
  return folder;
}

describe('what a data set is', () => {
  it('is told by headers: photographs are files that are mostly large', async () => {
    const large = await pictures(2, 8, [120, 130]);
    // Of 10 images a class one is held out
    expect(await surveyData(large, USUAL)).toEqual({ images: 18, classes: 2, photographs: true });
    expect(await surveyData(large, { ...USUAL, validation: 0, limit: 6 })).toMatchObject({ images: 6 });
    expect(await surveyData(await pictures(2, 4, [40, 90]), USUAL)).toMatchObject({ photographs: false });
    // Taken as they are only up to 96 pixels of the longer side: else scaled to 224 x 224
    expect(await surveyData(await pictures(2, 4, [80, 128]), USUAL)).toMatchObject({ photographs: true });
    expect(await surveyData(await smallData(), USUAL)).toMatchObject({ photographs: false });
  });

  it('decides the settings of a run, under what flags say', async () => {
    const empty = await temporaryFolder();
    for (const name of ['HF_HOME', 'HF_HUB_CACHE', 'TORCH_HOME', 'XDG_CACHE_HOME']) vi.stubEnv(name, empty);
    onTestFinished(() => void vi.unstubAllEnvs());
    const data = await pictures(2, 8, [120, 130]);
    const planned = async (flags: string) =>
      (await planTraining({}, parseFlags(`--data ${data} ${flags}`), new Date())).settings;
    expect(await planned('')).toMatchObject({ nets: ['mobilenet_v2', 'resnet18'], size: 128, optimizer: { lr: 0.05 } });
    expect(await planned('--lr 0.2 --epochs 3 --nets resnet34')).toMatchObject({
      ...{ nets: ['resnet34'], epochs: 3, optimizer: { lr: 0.2 }, warmupEpochs: 1 },
    });
    const weights = await planned('--nets resnet18 --pretrained auto');
    expect(weights).toMatchObject({ pretrained: ['auto'], freeze: 'backbone', optimizer: { name: 'adamw' } });
    expect(await planned('--nets resnet18 --pretrained auto --teacher big.onnx')).toMatchObject({ freeze: 'none' });
    const others = '--nets resnet18,resnet18 --pretrained auto --unlabelled others';
    expect(await planned(others)).toMatchObject({ freeze: 'none' });
    // What only other layers than the last can do
    const unfrozen = await planned('--nets resnet18 --pretrained auto --unfreeze-at 3');
    expect(unfrozen).toMatchObject({ freeze: 'none', unfreezeAt: 3, headLrFactor: 10, optimizer: { lr: 2e-4 } });
    expect(await planned('--nets resnet18 --pretrained auto --layer-decay 0.8')).toMatchObject({ freeze: 'none' });
    // What is wrong with the data is said before anything about weights
    const broken = await pictures(1, 4, [120, 130]);
    await writeTree(broken, { 'empty/notes.txt': 'no picture' });
    await expect(planTraining({}, parseFlags(`--data ${broken} --pretrained a.pth`), new Date())).rejects.toThrow(
      'empty: there is no image in this class folder',
    );
    // What says a protocol of its own, and small inputs
    expect(await planned('--preset dml')).toEqual(parseSettings({ preset: 'dml', data }));
    expect(await planned('--size 32')).toEqual(parseSettings({ size: 32, data }));
    expect(await planned('--size 64 --pretrained auto')).toMatchObject({ nets: ['mobilenet_v2'], freeze: 'backbone' });
  });
});
