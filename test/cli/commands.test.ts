import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { formatEvaluation } from '../../src/cli/commands/eval.js';
import { formatExported } from '../../src/cli/commands/export.js';
import { conversionLines } from '../../src/cli/text/conversion-text.js';
import { formatDataset } from '../../src/cli/text/dataset-text.js';
import type { DatasetSummary } from '../../src/data/dataset/summary.js';
import type { Conversion } from '../../src/export/conversion.js';
import { colorsFor } from '../../src/report/output.js';
import { agon, keptIo } from './command-line.js';

const network = { index: 1, name: 'resnet8', parameters: 78_042 };

describe('agon nets', () => {
  it('lists parameters and multiply-adds', async () => {
    const { stdout } = await agon('nets');
    expect(stdout).toMatch(/^resnet20 +278 k +40\.8 M +3x32x32 +100$/m);
    expect(stdout).toMatch(/^resnet18 +11\.7 M +1\.81 G +3x224x224 +1,000$/m);
  });

  it('lists the stages of one network', async () => {
    const { stdout } = await agon('nets resnet18');
    // 64 x 3 x 7 x 7 + 2 x 64; 512 x 1000 + 1000
    expect(stdout).toMatch(/^conv1 +1 +9\.54 k$/m);
    expect(stdout).toMatch(/^layer2 +2 +526 k$/m);
    expect(stdout).toMatch(/^head +1 +513 k$/m);
    const { stdout: json } = await agon('nets resnet8 --classes 10 --json');
    expect(JSON.parse(json)).toContainEqual({ stage: 'head', blocks: 1, parameters: 650 });
  });

  it('counts with other classes and sizes, as JSON', async () => {
    const { stdout } = await agon('nets --classes 10 --size 64 --json');
    const networks = JSON.parse(stdout) as { name: string; parameters: number; inputSize: number; classes: number }[];
    expect(networks.find(({ name }) => name === 'resnet8')).toMatchObject({
      parameters: 78_042,
      inputSize: 64,
      classes: 10,
    });
  });
});

describe('agon nets of a model', () => {
  const model = 'test/fixtures/formats/1/run/winner.onnx';

  it('says what it is, and what would be in the way', async () => {
    const { stdout } = await agon(`nets ${model}`);
    expect(stdout).toMatch(/^test\/fixtures\/formats\/1\/run\/winner\.onnx$/m);
    expect(stdout).toMatch(/^ {2}input +3x16x16, this size alone$/m);
    expect(stdout).toMatch(/^ {2}classes +10: .*; \.\.\.$/m);
    expect(stdout).toMatch(/^ {2}head +Gemm "/m);
    expect(stdout).toMatch(/^ {2}normalisation +\d+ BatchNormalization$/m);
    expect(stdout).toMatch(/^ {2}training +nothing is in the way$/m);
    const { stdout: json } = await agon(`nets ${model} --json`);
    expect(JSON.parse(json)).toMatchObject([{ path: model, classes: 10, obstacle: null, restoredNorms: 0 }]);
  });

  it('that is none is an error', async () => {
    const { stderr, exitCode } = await agon('nets missing.onnx');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("error: missing.onnx: can't be read")]);
  });
});

describe('agon data', () => {
  it('shows what is in a data set', async () => {
    const { stdout } = await agon('data builtin');
    expect(stdout).toMatch(/^builtin {2}builtin, 5,000 images, 10 classes, colour, 32x32 pixels\n/);
    expect(stdout).toMatch(/^ring +400 +100$/m);
  });

  it('names unreadable files with the reason', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'agon-data-'));
    for (const [i, name] of ['cat', 'dog'].entries()) {
      await mkdir(join(folder, name));
      const image = { width: 8 + i, height: 8, channels: 3, background: 'red' } as const;
      for (const file of ['a.png', 'b.png']) await sharp({ create: image }).toFile(join(folder, name, file));
    }
    await writeFile(join(folder, 'dog', 'broken.png'), 'no image');
    const { stdout, exitCode } = await agon(`data ${folder}`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('4 images, 2 classes, colour, width 8 to 9 (median 8), height 8\n');
    expect(stdout).toMatch(/1 file or folder left out:\n {2}\S*broken\.png: \S/);
    const json = JSON.parse((await agon(`data ${folder} --json`)).stdout) as DatasetSummary;
    expect(json).toMatchObject({
      kind: 'folder',
      channels: 3,
      skipped: [{ path: expect.stringContaining('broken.png') }],
    });
    await rm(folder, { recursive: true });
  });

  it('writes a picture of what training sees', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'agon-data-'));
    const file = join(folder, 'seen.png');
    const flags = '--augmentation none --color-jitter 0.4,0.4,0.4,0.1 --mixup 0.2';
    expect(await agon(`data builtin --show-augmentation ${file} --size 16 ${flags}`)).toEqual({
      exitCode: 0,
      stdout: `wrote ${file}\n`,
      stderr: '',
    });
    expect((await sharp(file).metadata()).height).toBe(7 * (6 * 16 + 4) + 4);
    expect(await agon(`data builtin --show-augmentation ${file} --rand-augment 1,1 --trivial-augment`)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Leave one of them out'),
    });
    await rm(folder, { recursive: true });
  });

  it('shortens long lists unless all is asked for', () => {
    const many: DatasetSummary = {
      name: 'many',
      kind: 'folder',
      channels: 1,
      splits: [{ name: 'train', images: 5000 }],
      classes: Array.from({ length: 100 }, (_, i) => ({ name: `class ${i}\x1b[2J`, counts: [50] })),
      skipped: Array.from({ length: 30 }, (_, i) => ({ path: `${i}.png`, reason: 'broken\nfor sure' })),
    };
    const colors = colorsFor({ isTTY: false }, {});
    const short = formatDataset(many, false, colors).join('\n');
    expect(short).toContain('grey, sizes unknown');
    expect(short).toContain('... and 80 more (--all)');
    expect(short).toContain('... and 10 more (--all)');
    expect(short).not.toContain('\x1b');
    const long = formatDataset(many, true, colors).join('\n');
    expect(long).toContain('class 99');
    expect(long).toContain('29.png: broken');
    expect(long).not.toContain('--all');
  });
});

describe('agon eval and export', () => {
  it('mark the winner of the run, also where another is better on this split', () => {
    const results = [
      { network: { ...network, index: 0 }, evaluation: { loss: Number.NaN, accuracy: 0.1, top5: 0.5, ece: 0.02 } },
      { network, evaluation: { loss: 0.9, accuracy: 0.71234, top5: 1, ece: 0.1 } },
    ];
    const ensemble = { loss: 0.8, accuracy: 0.75, top5: 0.99, ece: 0.05 };
    const all = {
      epochs: 3,
      chosen: true,
      winner: 0,
      split: 'test',
      images: 1,
      classes: 10,
      task: 'single-label',
      warnings: [],
      results,
      ensemble,
    } as const;
    const lines = formatEvaluation(all, 'best', keptIo()).join('\n').split('\n');
    expect(lines[0]).toBe("best checkpoint (after 3 epochs, the winner's best), 1 test image");
    const last = formatEvaluation({ ...all, epochs: 1, chosen: false }, 'last', keptIo());
    expect(last[0]).toBe('last checkpoint (after 1 epoch), 1 test image');
    const few = formatEvaluation({ ...all, classes: 5 }, 'best', keptIo())
      .join('\n')
      .split('\n');
    expect(few.slice(2, 4)).toEqual([
      'network     parameters    loss    top-1      ECE',
      'resnet8 #0      78.0 k     NaN  10.00 %   2.00 %  ★',
    ]);
    expect(lines.slice(2)).toEqual([
      'network     parameters    loss    top-1     top-5      ECE',
      'resnet8 #0      78.0 k     NaN  10.00 %   50.00 %   2.00 %  ★',
      'resnet8 #1      78.0 k  0.9000  71.23 %  100.00 %  10.00 %',
      'ensemble                0.8000  75.00 %   99.00 %   5.00 %',
      "★  the run's winner",
    ]);
  });

  it.each([
    ['--force', '--force: goes with --fp16 or --int8'],
    ['--max-loss 2', '--max-loss: goes with --fp16 or --int8'],
    ['--fp16 --calibration-images 9', '--calibration-images: goes with --int8'],
    ['--fp16 --int8', "--fp16: can't go with --int8"],
  ])('take options of another precision with it alone: %s', async (flags, message) => {
    const { stderr, exitCode } = await agon(`export nowhere ${flags}`);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('say what another precision costs', () => {
    const conversion: Conversion = {
      precision: 'fp16',
      split: 'train',
      images: 40,
      measure: 'map',
      float32: 0.9,
      converted: 0.875,
      agreement: 0.99,
      largestDifference: 0.0126,
      inFloat32: ['Exp'],
      weights: { clipped: 0, vanished: 2 },
      bytes: { float32: 4000, converted: 2000 },
    };
    expect(conversionLines(conversion)).toEqual([
      'fp16: mAP 87.5 %, float32 90.0 %, on 40 train images',
      'classes there or not there alike in 99.0 %; probabilities differ by 0.013 at most',
      '2.00 kB instead of 4.00 kB (0.50)',
      'still in float32: Exp',
      '2 weights are too small for it, and became 0',
      'measured on the images that it was trained on: nothing was held out',
    ]);
  });

  it('say what was exported', () => {
    const sizes = { bytes: 322_370, opset: 9 };
    const one = {
      path: 'a.onnx',
      networks: [network],
      ensemble: false,
      input: 'tensor',
      parity: 1.26e-7,
      ...sizes,
    } as const;
    const lines = formatExported(one);
    expect(lines).toEqual([
      'a.onnx  resnet8 (network 1), 322 kB, operator set 9',
      'it takes normalised images, float32 [N, C, H, W], and gives logits',
      "its logits differ from the trainer's by 1.3e-7 at most",
    ]);
    expect(formatExported({ ...one, input: 'image', preparation: 2.04e-4, temperature: 1.5321 }).slice(1)).toEqual([
      'it takes images of any size, uint8 [N, H, W, 3], and gives probabilities and logits',
      'its probabilities are of logits divided by 1.53',
      "its logits differ from the trainer's by 1.3e-7 at most, probabilities of images that it prepares by 2.0e-4",
    ]);
    const networks = [{ ...network, index: 0 }, network];
    expect(formatExported({ ...one, networks, ensemble: true })[0]).toBe(
      'a.onnx  ensemble of resnet8 #0, resnet8 #1, 322 kB, operator set 9',
    );
  });
});
