import { describe, expect, it } from 'vitest';
import type { Probe } from '../../../actors/probe.js';
import { conditionSchema, matcher } from '../../../sim/scenario/condition.js';

const placed = (taskId: string, verb: string): Probe => ({
  type: 'taskPlaced',
  taskId,
  commandId: 'c',
  executionIndex: 0,
  reason: 'REGULAR_FLOW',
  attempt: 1,
  verb,
});
const started = (taskId: string): Probe => ({ type: 'hostTaskStarted', host: 'h', taskId });
const submitted = (commandId: string, commandType: string): Probe => ({ type: 'commandSubmitted', commandId, commandType, parentId: null });
const status = (commandId: string, to: string): Probe => ({ type: 'statusChanged', commandId, status: to, error: null });
const callback = (type: 'callbackRuns' | 'callbackCommitted', handler: string): Probe => {
  const of = { commandId: 'c', index: 1, handler, callback: 'compensate', attempt: 1 } as const;
  return type === 'callbackRuns' ? { type, ...of } : { type, ...of, threw: null };
};

/** At which of the probes the condition comes true. */
function moments(condition: unknown, probes: readonly Probe[]): readonly number[] {
  const parsed = conditionSchema.parse(condition);
  const fits = matcher(parsed);
  const fitting = probes.flatMap((probe, i) => (fits(probe) ? [i] : []));
  return fitting.slice(parsed.nth - 1, parsed.nth);
}

describe('a condition comes true once, at the probe that makes it so', () => {
  it('when a task of the verb runs', () => {
    const probes = [placed('a', 'copy'), placed('b', 'delete'), started('b'), started('a'), started('a')];
    expect(moments({ task: 'copy', is: 'running' }, probes)).toEqual([3]);
  });

  it('at the nth such task', () => {
    const probes = [placed('a', 'copy'), started('a'), placed('b', 'copy'), started('b'), started('b')];
    expect(moments({ task: 'copy', is: 'running', nth: 2 }, probes)).toEqual([3]);
    expect(moments({ task: 'copy', is: 'placed', nth: 2 }, probes)).toEqual([2]);
    expect(moments({ task: 'copy', is: 'running', nth: 4 }, probes)).toEqual([]);
  });

  it('for a task that only a host has told of', () => {
    const accepted: Probe = { type: 'hostTaskAccepted', host: 'h', taskId: 'a', verb: 'copy' };
    expect(moments({ task: 'copy', is: 'running' }, [accepted, started('a')])).toEqual([1]);
  });

  it('when a command of the type changes its status', () => {
    const probes = [submitted('x', 'Other'), submitted('c', 'Move'), status('x', 'ROLLING_BACK'), status('c', 'RUNNING'), status('c', 'ROLLING_BACK')];
    expect(moments({ command: 'Move', is: 'ROLLING_BACK' }, probes)).toEqual([4]);
    expect(moments({ command: 'Move', is: 'SUBMITTED' }, probes)).toEqual([1]);
  });

  it('when a callback runs, or is committed, of any handler or of one', () => {
    const probes = [callback('callbackRuns', 'copy'), callback('callbackCommitted', 'copy'), callback('callbackRuns', 'remove')];
    expect(moments({ callback: 'compensate', is: 'run' }, probes)).toEqual([0]);
    expect(moments({ callback: 'compensate', is: 'committed' }, probes)).toEqual([1]);
    expect(moments({ callback: 'compensate', handler: 'remove', is: 'run' }, probes)).toEqual([2]);
    expect(moments({ callback: 'endSuccessfully', is: 'run' }, probes)).toEqual([]);
  });
});
