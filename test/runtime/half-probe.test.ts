import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CPU } from '../../src/runtime/device.js';
import { checkHalf } from '../../src/runtime/half-probe.js';

/** The Vulkan driver in software that Debian's package chromium has: without float16. */
const SOFTWARE_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';

const PROBE = `
  const { checkHalf } = await import('./src/runtime/half-probe.ts');
  const { parseDevice } = await import('./src/runtime/device.ts');
  console.log(await checkHalf(parseDevice('webgpu')).then(() => 'has float16', (error) => error.message));
`;

describe('the check for float16', () => {
  it('passes where a convolution in float16 gives the right numbers', async () => {
    await expect(checkHalf(CPU)).resolves.toBeUndefined();
  });

  it('says what a device lacks, and what to do', async ({ skip }) => {
    if (!existsSync(SOFTWARE_DRIVER)) skip(`no Vulkan driver in software (package chromium): ${SOFTWARE_DRIVER}`);
    const env = { ...process.env, VK_ICD_FILENAMES: SOFTWARE_DRIVER, VK_DRIVER_FILES: SOFTWARE_DRIVER };
    const args = ['--import', 'tsx', '--input-type=module', '-e', PROBE];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    if (/can't be used/.test(stdout)) skip(`that driver can't be used: ${stdout}`);
    expect(stdout).toMatch(
      /device webgpu: can't compute in float16: its driver has no 16-bit floats .*\. Use --precision float32, or a device/,
    );
  });
});
