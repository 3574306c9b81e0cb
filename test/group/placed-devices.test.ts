import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { ChildResult } from './child-places.js';

/** The Vulkan driver in software that Debian's package chromium has. */
const SOFTWARE_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** In a process of its own: the Vulkan loader reads its environment once. */
async function compareOn(devices: string): Promise<ChildResult> {
  const script = fileURLToPath(new URL('./child-places.ts', import.meta.url));
  const env = { ...process.env, VK_ICD_FILENAMES: SOFTWARE_DRIVER, VK_DRIVER_FILES: SOFTWARE_DRIVER };
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, devices], { env });
  return JSON.parse(stdout) as ChildResult;
}

for (const devices of ['cpu,webgpu', 'webgpu,webgpu']) {
  it(`networks on ${devices} train as in one graph on the processor`, async ({ skip }) => {
    if (!existsSync(SOFTWARE_DRIVER)) skip(`no Vulkan driver in software (package chromium): ${SOFTWARE_DRIVER}`);
    const result = await compareOn(devices);
    if ('error' in result && /adapter/.test(result.error)) skip(`that driver can't be used: ${result.error}`);
    if ('error' in result) throw new Error(result.error);
    expect(result.teachers).toEqual([true, true]);
    expect(result.difference).toBeLessThan(1e-4);
  });
}
