import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { channelStatistics } from '../../../src/data/batch/statistics.js';
import { selectRows } from '../../../src/data/dataset/split.js';
import { openDataset } from '../../../src/data/formats/open.js';
import { packedDataset, temporaryFolder, writeTree } from '../helpers.js';

function meanAndStd(values: readonly number[]): [number, number] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)];
}

describe('channelStatistics', () => {
  it('of packed images is over all pixels of the split, and of nothing else', async () => {
    const dataset = packedDataset(9);
    const kept = selectRows(dataset.train, [1, 4, 5, 8]);
    const { mean, std } = await channelStatistics({ ...dataset, train: kept });
    const { source } = dataset.train;
    const data = source.kind === 'packed' ? source.data : [];
    for (let c = 0; c < 3; c++) {
      const samples = [1, 4, 5, 8].flatMap((i) =>
        Array.from({ length: 25 }, (_, at) => (data[i * 75 + at * 3 + c] as number) / 255),
      );
      const [expectedMean, expectedStd] = meanAndStd(samples);
      expect(mean[c]).toBeCloseTo(expectedMean, 12);
      expect(std[c]).toBeCloseTo(expectedStd, 12);
    }
  });

  it('of files is over the images as evaluation sees them', async () => {
    const plain = (red: number, height: number, width: number) =>
      sharp({ create: { height, width, channels: 3, background: { r: red, g: 51, b: 0 } } })
        .png()
        .toBuffer();
    const folder = await temporaryFolder();
    await writeTree(folder, { 'a/1.png': await plain(0, 30, 20), 'b/1.png': await plain(255, 10, 40) });
    const { mean, std } = await channelStatistics(await openDataset(folder), { input: { height: 8, width: 8 } });
    expect(mean[0]).toBeCloseTo(0.5, 12);
    expect(mean[1]).toBeCloseTo(0.2, 12);
    expect([mean[2], std[0]]).toEqual([0, 0.5]);
    expect(std[1]).toBe(1e-3);
  });
});
