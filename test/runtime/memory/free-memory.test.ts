import { describe, expect, it } from 'vitest';
import { freeMemory } from '../../../src/runtime/memory/free-memory.js';

const GIB = 2 ** 30;
const MEMINFO = 'MemTotal:       16777216 kB\nMemFree:         1048576 kB\nMemAvailable:    8388608 kB\n';
const of = (files: Readonly<Record<string, string>>) => freeMemory((path) => files[path]);

describe('free memory', () => {
  it('is what Linux says that it can make available', () => {
    expect(of({ '/proc/meminfo': MEMINFO })).toEqual({ bytes: 8 * GIB, boundBy: 'the machine' });
  });

  it('is no more than a control group leaves, without the files that it could drop', () => {
    const files = {
      '/proc/meminfo': MEMINFO,
      '/proc/self/cgroup': '0::/box/inner\n',
      '/sys/fs/cgroup/box/memory.max': `${4 * GIB}\n`,
      '/sys/fs/cgroup/box/memory.current': `${3 * GIB}\n`,
      '/sys/fs/cgroup/box/memory.stat': `anon 5\ninactive_file ${GIB}\nactive_file ${GIB / 2}\n`,
      '/sys/fs/cgroup/box/inner/memory.max': 'max\n',
      '/sys/fs/cgroup/box/inner/memory.current': `${GIB}\n`,
    };
    expect(of(files)).toEqual({ bytes: 2.5 * GIB, boundBy: 'a memory limit (cgroup)' });
    const wide = { ...files, '/sys/fs/cgroup/box/memory.max': `${64 * GIB}` };
    expect(of(wide)).toEqual({ bytes: 8 * GIB, boundBy: 'the machine' });
  });

  it('knows the groups of version 1, seen from within a container too', () => {
    const files = {
      '/proc/meminfo': MEMINFO,
      '/proc/self/cgroup': '9:name=systemd:/\n4:memory:/docker/abc\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${2 * GIB}`,
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': `${GIB}`,
      '/sys/fs/cgroup/memory/memory.stat': `inactive_file 7\ntotal_inactive_file ${GIB / 4}\n`,
    };
    expect(of(files).bytes).toBe(1.25 * GIB);
    expect(of({ ...files, '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712' }).bytes).toBe(8 * GIB);
  });
});
