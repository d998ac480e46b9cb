import type { RunReport } from '../../../sim/report/result.js';

/** What a run of two commands came to: one got through, one was undone. */
export function report(changes: Partial<RunReport> = {}): RunReport {
  const command = { type: 'MoveDisk', parentId: null, handlers: ['copy', 'remove'], history: [], locks: [], operator: [], exists: [] };
  return {
    scenario: 'demo',
    seed: 7,
    traceHash: '0123456789abcdef',
    events: 345,
    virtualTimeMs: 61_500,
    healedAt: null,
    longest: null,
    wallTimeMs: 12,
    recoveries: 1,
    resumptions: 0,
    commands: [
      { ...command, id: 'good', status: 'SUCCEEDED', executionIndex: 2, residue: [] },
      {
        ...command,
        id: 'undone',
        status: 'ROLLED_BACK',
        executionIndex: -1,
        residue: [{ verb: 'snapshot', object: 'snapshot:vm1/s1' }],
        error: { code: 'TASK_FAILED', message: 'copy failed', retryable: false, causes: [] },
      },
    ],
    tasks: [],
    hosts: [{ id: 'host1', pool: 'pool1', role: 'SPM', up: true }],
    network: { lost: 0, cutOff: 0, unreceived: 0, duplicated: 0, delayed: 0 },
    unused: [],
  invariants: [
      { name: 'locks', held: true },
      { name: 'honest status', held: true },
    ],
    ...changes,
  };
}
