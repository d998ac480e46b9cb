import { describe, expect, test } from 'vitest';
import type { TaskManagerMessage } from '../../../actors/messages.js';
import { FENCED, TASK_STATE_FORBIDS, TASK_UNKNOWN, type WireReply } from '../../../actors/wire.js';
import { aTask } from '../../src/store/fixtures.js';
import { replyTo } from '../lone-engine.js';
import { aTaskManager, statusOf, withSubmitted } from './a-task-manager.js';

describe('whatever comes late, twice or from the past', () => {
  const at = {
    placed: () => {
      const all = aTaskManager();
      all.polled();
      all.tell({ type: 'place', task: aTask('t1') });
      return all;
    },
    polled: withSubmitted,
    ended: () => {
      const all = withSubmitted();
      all.pollAgain({});
      all.owner.take();
      return all;
    },
    ending: () => {
      const all = withSubmitted();
      all.pollAgain({});
      all.owner.take();
      all.tell({ type: 'clear', taskId: 't1' });
      return all;
    },
    forgotten: () => {
      const all = aTaskManager();
      all.polled();
      return all;
    },
  };
  const reply = (code = 0): WireReply => replyTo({ correlation: '1', to: 'host1' }, { code });
  /** What changes nothing there. */
  const nothing: readonly (readonly [keyof typeof at, string, TaskManagerMessage])[] = [
    ...(['polled', 'ended', 'ending', 'forgotten'] as const).flatMap((state) =>
      [0, FENCED, 1000].map((code) => [state, `an answer to its submission: ${code}`, { type: 'submitAnswered', taskId: 't1', host: 'host1', reply: reply(code) }] as const),
    ),
    ...(['polled', 'ended', 'ending', 'forgotten'] as const).map((state) => [state, 'that its submission was given up', { type: 'notSent', taskId: 't1' }] as const),
    ...(['polled', 'ended', 'ending', 'forgotten'] as const).flatMap((state) =>
      [0, TASK_UNKNOWN, FENCED].map((code) => [state, `an answer to its fence: ${code}`, { type: 'fenceAnswered', taskId: 't1', host: 'host1', reply: reply(code) }] as const),
    ),
    ...(['placed', 'polled', 'ended', 'forgotten'] as const).flatMap((state) =>
      [0, TASK_UNKNOWN, TASK_STATE_FORBIDS].map((code) => [state, `an answer to its clearing: ${code}`, { type: 'clearAnswered', taskId: 't1', reply: reply(code) }] as const),
    ),
    ...(['ended', 'ending', 'forgotten'] as const).map((state) => [state, 'a stop', { type: 'stop', taskId: 't1', reason: 'cancelled' }] as const),
    ...(['placed', 'ended', 'ending', 'forgotten'] as const).map(
      (state) => [state, 'its end, told without being asked', { type: 'pushed', ended: { op: 'taskEnded', pool: 'pool1', generation: 1, status: statusOf({}) } }] as const,
    ),
    ...(['ending', 'forgotten'] as const).map((state) => [state, 'that its outcome is consumed', { type: 'clear', taskId: 't1' }] as const),
  ];

  test.each(nothing)('to a task that is %s: %s', (state, _, message) => {
    const { owner, asked, withdrawn, commit, tell } = at[state]();
    const before = [asked(), withdrawn().length];
    tell(message);
    expect([owner.take(), commit(), [asked(), withdrawn().length]]).toEqual([[], [], before]);
  });
});
