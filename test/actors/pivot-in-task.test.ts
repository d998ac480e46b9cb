import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/model/command.js';
import { taskHandler } from '../../src/model/handler.js';
import { crashAtEachEvent, type ToTheEnd } from './crash-at-each-event.js';
import { withRig } from './engine-rig.js';
import { FAILED, type HostScript } from './scripted-host.js';

const step = taskHandler<unknown>();

/** Its task moves something, and fails when it has done so; what is left then is to tidy up. */
const Move = defineCommand({ type: 'Move', params: z.record(z.string(), z.unknown()) })
  .step(
    step({
      name: 'move',
      createTask: ({ passed, work }) => ({ verb: passed ? 'tidy' : 'move', args: passed ? { after: work.map(({ name, outcome }) => `${name} ${outcome.kind}`) } : {}, pool: 'pool1' }),
      pointOfNoReturn: { part: 'task', hasPassed: async ({ read }) => ((await read('host1', 'whereIs', {})) === 'there' ? 'passed' : 'notPassed') },
    }),
  )
  .build();

const HOST: HostScript = { status: (verb) => (verb === 'move' ? FAILED : {}), read: () => ({ result: 'there' }) };
const ORDER = ['beforeTask 0 #1 ok', 'createTask 0 #1 ok', 'hasPassed 0 #1 passed', 'createTask 0 #2 ok', 'endSuccessfully 0 #1 ok'];

async function moved(run: ToTheEnd): Promise<void> {
  await withRig({ commands: [Move], host: HOST }, async (rig) => {
    rig.submit('c1', 'Move', {}, 100_000);
    await run(rig);
    const stored = await rig.stored();
    if (stored.commands.size === 0) return;
    expect([(await rig.command()).status, await rig.history()]).toEqual(['SUCCEEDED', ORDER]);
    expect(new Map(rig.host.submissions.map(({ taskId, verb, args }) => [taskId, [verb, args]]))).toEqual(
      new Map([
        ['c1$0.w1.1.0', ['move', {}]],
        ['c1$0.w2.1.1', ['tidy', { after: ['move failed'] }]],
      ]),
    );
    expect([stored.tasks.size, stored.calls.size, rig.host.tasks.size]).toEqual([0, 0, 0]);
  });
}

test('a task that failed behind the point of no return is not submitted again: createTask says what remains, whenever the engine crashes', async () => {
  await crashAtEachEvent(moved);
});
