import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../../src/model/command.js';
import { entityKind, type EntityView } from '../../../src/model/entity.js';
import { SECOND, withRig } from '../../actors/engine-rig.js';
import { FAILED } from '../../actors/scripted-host.js';

const Note = entityKind<{ readonly text: string }>('note');
const params = z.strictObject({ tasks: z.int().min(0).max(3), fails: z.boolean().default(false), throws: z.boolean().default(false) });

const forget = ({ entities }: { readonly entities: EntityView }): void => entities.remove(Note, 'state');

/** Notes what happens to it, and starts as many tasks as it is told. */
function oldWay(undo = true) {
  return defineCommand({
    type: 'OldWay',
    params,
    executeAction: ({ params: { tasks, throws }, entities, startTask }) => {
      entities.put(Note, 'state', { text: 'executed' });
      for (let i = 0; i < tasks; i += 1) startTask({ verb: 'work', args: { i }, pool: 'pool1' });
      if (throws) throw new Error('it cannot be executed');
    },
    endSuccessfully: ({ entities, work, params: { fails } }) => {
      if (fails) throw new Error('the end fails');
      entities.update(Note, 'state', () => ({ text: `ended well with ${work.length}` }));
    },
    endWithFailure: ({ entities, failure }) => entities.put(Note, 'state', { text: `failed: ${failure.work.map(({ outcome }) => outcome.kind).join()}` }),
    ...(undo ? { undo: forget } : {}),
  }).build();
}

describe('a command without handlers', () => {
  it.each([0, 1, 3])('is one step that starts %i tasks itself', async (tasks) => {
    await withRig({ commands: [oldWay()] }, async (rig) => {
      rig.submit('old', 'OldWay', { tasks });
      await rig.runFor(60 * SECOND);
      expect(await rig.command('old')).toMatchObject({ status: 'SUCCEEDED', handlers: ['entireCommand'] });
      expect((await rig.stored()).entities.get('note/state')?.value).toEqual({ text: `ended well with ${tasks}` });
    });
  });

  it('ends with its own endWithFailure if a task fails, and is undone by that', async () => {
    await withRig({ commands: [oldWay()], host: { status: (_verb, taskId) => (taskId.endsWith('.1') ? FAILED : {}) } }, async (rig) => {
      rig.submit('old', 'OldWay', { tasks: 2 });
      await rig.run();
      expect([(await rig.command('old')).status, await rig.history('old')]).toEqual(['ROLLED_BACK', ['beforeTask 0 #1 ok', 'createTask 0 #1 ok', 'endWithFailure 0 #1 ok']]);
      expect((await rig.stored()).entities.get('note/state')?.value).toEqual({ text: 'failed: succeeded,failed' });
    });
  });

  it('ends with it too if executeAction throws, of which nothing has happened then', async () => {
    await withRig({ commands: [oldWay()] }, async (rig) => {
      rig.submit('old', 'OldWay', { tasks: 2, throws: true });
      await rig.run();
      expect([(await rig.command('old')).status, rig.host.submissions]).toEqual(['ROLLED_BACK', []]);
      expect((await rig.stored()).entities.get('note/state')).toEqual({ version: 1, value: { text: 'failed: ' } });
    });
  });

  it('undoes itself if its end fails, and has an undo', async () => {
    await withRig({ commands: [oldWay()] }, async (rig) => {
      rig.submit('old', 'OldWay', { tasks: 1, fails: true });
      await rig.runFor(60 * SECOND);
      expect((await rig.command('old')).status).toBe('ROLLED_BACK');
      expect((await rig.stored()).entities.has('note/state')).toBe(false);
    });
  });

  it('without an undo is not called undone', async () => {
    await withRig({ commands: [oldWay(false)] }, async (rig) => {
      rig.submit('old', 'OldWay', { tasks: 1, fails: true });
      await rig.runFor(60 * SECOND);
      expect(await rig.command('old')).toMatchObject({ status: 'ROLLBACK_INCOMPLETE', heldBy: { code: 'NOT_UNDOABLE' } });
    });
  });
});

test.each([
  ['handlers beside an executeAction', () => defineCommand({ type: 'Both', params, executeAction: () => undefined }).step({ name: 'one' }).build(), /steps and an executeAction/],
  ['callbacks of its own without one', () => defineCommand({ type: 'Stray', params, undo: () => undefined }).step({ name: 'one' }).build(), /undo belongs to a handler/],
  ['nothing at all', () => defineCommand({ type: 'Nothing', params }).build(), /no handlers/],
])('%s is refused', (_, define, message) => {
  expect(define).toThrow(expect.objectContaining({ code: 'BAD_DEFINITION', message: expect.stringMatching(message) as string }) as Error);
});
