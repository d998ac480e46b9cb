import type { Probe } from '../../../actors/probe.js';
import type { ProbeEvent } from '../../../sim/report/timeline.js';

const engine = (ms: number, probe: Probe): ProbeEvent => ({ t: ms * 1000, node: 'engine', probe });
const host = (ms: number, probe: Probe): ProbeEvent => ({ t: ms * 1000, node: 'host1', probe });

const copy = { commandId: 'move', index: 0, handler: 'copy' } as const;

/** A run of one command whose engine crashes while its copy runs, and whose copy then fails. */
export const CRASHED_RUN: readonly ProbeEvent[] = [
  engine(0, { type: 'engineStarted', incarnation: 1 }),
  engine(2, { type: 'engineRecovered', incarnation: 1, commands: 0, tasks: 0 }),
  engine(1_004, { type: 'commandSubmitted', commandId: 'move', commandType: 'MoveDisk', parentId: null }),
  engine(1_004, { type: 'lockGranted', owner: 'move', keys: ['disk/disk1'] }),
  engine(1_006, { type: 'statusChanged', commandId: 'move', status: 'RUNNING', error: null }),
  engine(1_006, { type: 'callbackRuns', ...copy, callback: 'beforeTask', attempt: 1 }),
  engine(1_008, { type: 'callbackCommitted', ...copy, callback: 'beforeTask', attempt: 1, threw: null }),
  engine(1_008, {
    type: 'taskPlaced',
    taskId: 'move$0.w1.0',
    commandId: 'move',
    executionIndex: 0,
    reason: 'REGULAR_FLOW',
    attempt: 1,
    verb: 'syncImageData',
  }),
  host(1_010, { type: 'hostTaskAccepted', host: 'host1', taskId: 'move$0.w1.0', verb: 'syncImageData' }),
  host(1_010, { type: 'hostTaskStarted', host: 'host1', taskId: 'move$0.w1.0' }),
  engine(9_000, { type: 'engineCrashed', cause: 'syncImageData running' }),
  host(60_010, { type: 'hostTaskRollingBack', host: 'host1', taskId: 'move$0.w1.0' }),
  host(61_010, { type: 'hostTaskEnded', host: 'host1', taskId: 'move$0.w1.0', result: 'cleanSuccess', code: 261 }),
  engine(70_000, { type: 'engineStarted', incarnation: 2 }),
  engine(70_004, { type: 'engineRecovered', incarnation: 2, commands: 1, tasks: 1 }),
  engine(70_010, {
    type: 'taskEnded',
    taskId: 'move$0.w1.0',
    outcome: { kind: 'failed', code: 261, message: 'low level Image copy failed', takeOver: false },
  }),
  engine(70_012, { type: 'callbackRuns', ...copy, callback: 'endWithFailure', attempt: 1 }),
  host(70_020, { type: 'hostCall', host: 'host1', key: 'move/0/endWithFailure/1/0', verb: 'snapshot', code: 0, repeated: false }),
  engine(70_021, { type: 'engineCrashed', cause: 'event 100' }),
  engine(71_000, { type: 'engineStarted', incarnation: 3 }),
  engine(71_001, { type: 'engineRecovered', incarnation: 3, commands: 1, tasks: 0 }),
  engine(71_002, { type: 'callbackRuns', ...copy, callback: 'endWithFailure', attempt: 1 }),
  host(71_003, { type: 'hostCall', host: 'host1', key: 'move/0/endWithFailure/1/0', verb: 'snapshot', code: 0, repeated: true }),
  engine(71_004, { type: 'callbackCommitted', ...copy, callback: 'endWithFailure', attempt: 1, threw: null }),
  engine(71_004, {
    type: 'statusChanged',
    commandId: 'move',
    status: 'ROLLED_BACK',
    error: { code: 'TASK_FAILED', message: 'copy failed', retryable: false, causes: [] },
  }),
  engine(71_005, { type: 'lockReleased', owner: 'move', keys: ['disk/disk1'] }),
];
