import { expect, it } from 'vitest';
import { describeFallback } from '../../../src/runtime/devices/fallback.js';
import { formatPlaced, PlacementLog } from '../../../src/runtime/process/placement.js';

const read = (...lines: string[]) => {
  const log = new PlacementLog();
  for (const line of lines) log.read(line);
  return log.placement;
};
const placed = (text: string) =>
  `2026-11-29 12:51:57.862 [V:onnxruntime:, session_state.cc:1385 VerifyEachNodeIsAssignedToAnEp] ${text}`;
const copied = (text: string) =>
  `2026-11-29 12:51:57.862 [I:onnxruntime:, transformer_memcpy.cc:393 AddCopyNode] Add ${text}`;

it('reads where nodes go, and what is copied for it', () => {
  const placement = read(
    copied('MemcpyFromHost after z for WebGpuExecutionProvider'),
    copied('MemcpyToHost before net0/fc/Gemm for WebGpuExecutionProvider'),
    placed('Node placements'),
    placed(' Node(s) placed on [CPUExecutionProvider]. Number of nodes: 1'),
    placed('  LogSoftmax (losses/LogSoftmax)'),
    placed(' Node(s) placed on [WebGpuExecutionProvider]. Number of nodes: 4'),
    placed('  Relu (Relu)'),
    placed('  Mul (a (b))'),
    placed('  MemcpyFromHost (Memcpy)'),
    placed('  MemcpyToHost (Memcpy_token_0)'),
    'something else',
  );
  expect(placement).toEqual({
    onCpu: [{ op: 'LogSoftmax', name: 'losses/LogSoftmax' }],
    onDevice: 2,
    toHost: ['net0/fc/Gemm'],
    toDevice: ['z'],
  });
});

it('reads that all nodes go to one place', () => {
  const all = (provider: string) => read(placed(` All nodes placed on [${provider}]. Number of nodes: 12`));
  expect(all('WebGpuExecutionProvider')).toMatchObject({ onCpu: [], onDevice: 12 });
});

it('names nodes by operator, a few of each', () => {
  const nodes = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ op: 'Equal', name }));
  expect(formatPlaced([{ op: 'OneHot', name: 'targets' }, ...nodes])).toBe('OneHot (targets), Equal (a, b, c, 2 more)');
});

it('says what that comes to in a step', () => {
  const placed = { onCpu: [{ op: 'OneHot', name: 'targets' }], onDevice: 89, toHost: ['a'], toDevice: ['b', 'c'] };
  expect(describeFallback(placed)).toBe(
    'the CPU computes 1 of 90 nodes of a step: OneHot (targets); 1 tensor is copied to it and 2 back in every step',
  );
  expect(describeFallback({ ...placed, onCpu: [] })).toBe(
    'it computes all 89 nodes of a step: --allow-fallback changes nothing',
  );
});
