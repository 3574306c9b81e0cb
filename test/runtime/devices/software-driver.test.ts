import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { ChildReport } from './child-devices.js';

/** The Vulkan driver in software that Debian's package chromium has. */
const SOFTWARE_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';

async function reportWith(driver: string): Promise<ChildReport> {
  const script = fileURLToPath(new URL('./child-devices.ts', import.meta.url));
  const env = { ...process.env, VK_ICD_FILENAMES: driver, VK_DRIVER_FILES: driver };
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script], { env });
  return JSON.parse(stdout) as ChildReport;
}

it('a device that computes is named; a graph that it can not compute whole is refused by its nodes, unless the CPU may help', async ({
  skip,
}) => {
  if (!existsSync(SOFTWARE_DRIVER)) skip(`no Vulkan driver in software (package chromium): ${SOFTWARE_DRIVER}`);
  const { report, placement, refused, allowed } = await reportWith(SOFTWARE_DRIVER);
  if (report.error?.includes('adapter')) skip(`that driver can't be used: ${report.error}`);
  expect(report).toEqual({
    device: 'webgpu',
    adapter: { name: expect.stringContaining('SwiftShader'), isSoftware: true },
  });
  expect(placement).toEqual({
    onCpu: [{ op: 'LogSoftmax', name: 'logs' }],
    onDevice: 2,
    toHost: ['positive'],
    toDevice: ['logs'],
  });
  expect(refused).toBe(
    "device webgpu: it can't compute 1 of the graph's nodes: LogSoftmax (logs). Use --device cpu; or let the CPU compute " +
      'these, with copies in every run: --allow-fallback',
  );
  const log = (x: number) => x - Math.log(Math.exp(1) + Math.exp(2));
  expect(allowed[0]).toBeCloseTo(log(1), 5);
  expect(allowed[1]).toBeCloseTo(2 * log(2), 5);
});

it.skipIf(process.platform !== 'linux')('a device without a driver is none', async () => {
  const { report } = await reportWith('/nowhere.json');
  expect(report.error).toMatch(/adapter/);
  expect(report.adapter).toBeUndefined();
});
