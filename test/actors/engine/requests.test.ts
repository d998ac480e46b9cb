import { setImmediate as microtasksDone } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Archive, Found } from '../../../actors/engine/archive.js';
import type { CommandRegistry } from '../../../actors/engine/registry.js';
import { ClientRequests } from '../../../actors/engine/requests.js';
import type { WireRequest } from '../../../actors/wire.js';
import type { CommandState } from '../../../src/flow/state.js';
import { defineCommand } from '../../../src/model/command.js';
import { SeatbeltError } from '../../../src/model/errors.js';
import { loneEngine, takeCommits } from '../lone-engine.js';

const QUICK = defineCommand({ type: 'Quick', params: z.strictObject({ n: z.int().default(0) }) }).step({ name: 'only', effectFree: true }).build();
const NOTHING: Found = { command: undefined, family: new Map(), expired: false };

/** Requests of an engine whose archive answers when a test says so. */
function someRequests() {
  const { ports, context, commits } = loneEngine();
  const live = new Map<string, CommandState>();
  const looks: { readonly id: string; readonly tell: (found: Found) => void; readonly fail: (error: unknown) => void }[] = [];
  const archive: Pick<Archive, 'lookUp'> = { lookUp: (id) => new Promise((tell, fail) => looks.push({ id, tell, fail })) };
  const registry: Pick<CommandRegistry, 'find' | 'actorOf' | 'start'> = {
    find: (id) => live.get(id),
    actorOf: () => undefined,
    start: ({ state }) => void live.set(state.id, state),
  };
  const requests = new ClientRequests({ ...context, definitions: new Map([['Quick', QUICK]]) }, registry, archive, {
    submissionCommitted: (state) => requests.submissionCommitted(state),
    found: (lookUp, found) => requests.found(lookUp, found),
    cancelAnswered: () => undefined,
    operateAnswered: () => undefined,
  });
  let asked = 0;
  const ask = (body: WireRequest['body']): string => {
    const correlation = `ask-${(asked += 1)}`;
    requests.handle({ kind: 'request', correlation, from: 'client', stamp: null, body });
    return correlation;
  };
  return {
    submit: (commandId: string, n = 0) => ask({ op: 'submitCommand', commandId, type: 'Quick', params: { n } }),
    status: (commandId: string) => ask({ op: 'commandStatus', commandId }),
    /** The look-ups so far, and how to answer one. */
    looks: () => looks.map(({ id }) => id),
    found: async (which: number, found: Found = NOTHING): Promise<void> => {
      looks[which]?.tell(found);
      await microtasksDone();
    },
    unreadable: async (which: number): Promise<void> => {
      looks[which]?.fail(new SeatbeltError('STORE_READ_FAILED', 'no'));
      await microtasksDone();
    },
    /** The commits that wait are on disk. @returns the commands that they put there */
    commit: (): readonly string[] =>
      takeCommits(commits).flatMap(({ changes, wake }) => {
        wake({ kind: 'committed' });
        return changes.flatMap((change) => (change.type === 'command' ? [change.state.id] : []));
      }),
    isOver: (id: string) => {
      const command = live.get(id);
      live.delete(id);
      return { command, family: new Map(), expired: false } satisfies Found;
    },
    /** What each question was answered with. */
    answers: () => new Map(ports.sent.flatMap(({ message }) => (message.kind === 'reply' ? [[message.correlation, message.result as { readonly status?: string; readonly code?: string }]] : []))),
  };
}

test('a command that is submitted again, is carried out and ends behind a question that takes long, is not carried out anew', async () => {
  const { submit, status, looks, found, commit, isOver, answers } = someRequests();
  const first = submit('x');
  status('y');
  const again = submit('x');
  expect(looks()).toEqual(['x', 'y']);
  await found(0);
  expect(commit()).toEqual(['x']);
  isOver('x');
  await found(1);
  expect(commit()).toEqual([]);
  expect([answers().get(first)?.status, answers().get(again)?.status]).toEqual(['SUBMITTED', 'SUBMITTED']);
});

test('those that submit the same at once are all told of the one that is over, and each of its own difference from it', async () => {
  const { submit, found, commit, isOver, answers } = someRequests();
  submit('x', 1);
  await found(0);
  commit();
  const over = isOver('x');
  const [other, same] = [submit('x', 2), submit('x', 1)];
  await found(1, over);
  expect([answers().get(other)?.code, answers().get(same)?.status, commit()]).toEqual(['DUPLICATE_COMMAND', 'SUBMITTED', []]);
});

test('of those that submit different commands under one id, the first is carried out', async () => {
  const { submit, found, commit, answers } = someRequests();
  const [first, other] = [submit('x', 1), submit('x', 2)];
  await found(0);
  expect([commit(), answers().get(first)?.status, answers().get(other)?.code]).toEqual([['x'], 'SUBMITTED', 'DUPLICATE_COMMAND']);
});

test('an archive that cannot be read is told to all of them, and looked into again for the next', async () => {
  const { submit, looks, found, unreadable, commit, answers } = someRequests();
  const asked = [submit('x'), submit('x')];
  await unreadable(0);
  expect(asked.map((correlation) => answers().get(correlation)?.code)).toEqual(['STORE_READ_FAILED', 'STORE_READ_FAILED']);
  submit('x');
  await found(1);
  expect([looks(), commit()]).toEqual([['x', 'x'], ['x']]);
});
