import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/model/command.js';
import { entityKind } from '../../src/model/entity.js';
import { CallFailed } from '../../src/model/errors.js';
import { taskHandler } from '../../src/model/handler.js';
import { STALE } from '../../actors/wire.js';
import { CallbackHost } from '../../actors/command/callback-host.js';
import { FenceNumbers, type EngineContext } from '../../actors/engine-context.js';
import type { Exchange } from '../../actors/exchange.js';
import { crashAtEachEvent, type ToTheEnd } from './crash-at-each-event.js';
import { withRig, type RigOptions } from './engine-rig.js';
import { FAILED, type HostScript } from './scripted-host.js';

const step = taskHandler<unknown>();
const Disk = entityKind<{ readonly [of: string]: string }>('disk');

/** Two copies, each of which fails at first and leaves something: one call and one task of each clear it up. */
const Copies = defineCommand({ type: 'Copies', params: z.record(z.string(), z.unknown()) })
  .step(
    step({
      name: 'copy',
      retry: { attempts: 3, backoffMs: 1_000 },
      createTask: () => ['a', 'b'].map((of) => ({ verb: 'copy', args: { of }, pool: 'pool1' })),
      beforeRetry: async ({ call, entities, failed: { args, attempt, outcomes } }) => {
        entities.update(Disk, 'd1', (disk) => ({ ...disk, [String(args.of)]: `${attempt} after ${outcomes.map(({ kind }) => kind).join()}` }));
        await call('host1', 'unlock', { of: args.of ?? null });
        return { verb: 'remove', args: { of: args.of ?? null }, pool: 'pool1' };
      },
      endWithFailure: () => undefined,
    }),
  )
  .build();

const HOST: HostScript = { status: (verb, taskId) => (verb === 'copy' && taskId.includes('.w1.1.') ? FAILED : {}) };
const OPTIONS: RigOptions = { commands: [Copies], host: HOST, entities: { 'disk/d1': {} } };

async function copied(run: ToTheEnd): Promise<void> {
  await withRig(OPTIONS, async (rig) => {
    rig.submit('c1', 'Copies', {}, 100_000);
    await run(rig);
    const stored = await rig.stored();
    // A submission before its first sync may be lost.
    if (stored.commands.size === 0) return;
    expect([(await rig.command()).status, stored.tasks.size, stored.calls.size, rig.host.tasks.size]).toEqual(['SUCCEEDED', 0, 0, 0]);
    expect((await rig.history()).filter((entry) => entry.endsWith('ok')).toSorted()).toEqual(
      ['beforeRetry 0 #1 ok', 'beforeRetry 0 #1 ok', 'beforeTask 0 #1 ok', 'createTask 0 #1 ok', 'endSuccessfully 0 #1 ok'],
    );
    expect(stored.entities.get('disk/d1')?.value).toEqual({ a: '2 after failed', b: '2 after failed' });
    expect(new Set(rig.host.submissions.map(({ taskId, verb }) => `${verb} ${taskId}`))).toEqual(
      new Set([0, 1].flatMap((n) => [`copy c1$0.w1.1.${n}`, `copy c1$0.w1.2.${n}`, `remove c1$0.w1.2.${n}.r1.1.0`])),
    );
    // Whatever happened, each was asked for once, but for repetitions that the host knows.
    expect(new Set(rig.host.calls.map(({ key }) => key)).size).toBe(2);
  });
}

test('what the failed attempts have left is cleaned up, one task beside the other, whenever the engine crashes', async () => {
  await crashAtEachEvent(copied);
});

test('a call whose fence number a sibling has made old meanwhile is sent again with the new one, under the same key', async () => {
  const fences = new FenceNumbers();
  fences.set('c1', 5);
  const keys: string[] = [];
  let isOver = false;
  const request: Exchange['request'] = (_to, _stamp, body, _timeout, wake) => {
    if (body.op === 'call') keys.push(body.key);
    // Whatever is in its way the second time, no number of this command's is.
    if (isOver) fences.forget('c1');
    else fences.set('c1', 6);
    wake({ kind: 'reply', reply: { kind: 'reply', correlation: '', from: 'host1', incarnation: 1, code: STALE, message: '', result: null } });
  };
  const context = { fences, settings: { callTimeoutMs: 1 }, stamp: () => ({ incarnation: 1, commitSeq: 1, fence: null }), exchange: { request } } as unknown as EngineContext;
  const host = new CallbackHost(context, 'c1', (resolve) => resolve());
  const call = { host: 'host1', verb: 'unlock', args: {}, key: 'k', hostIncarnation: 1, reply: null, reads: 0 };
  const sent = async (isVoid: boolean): Promise<readonly string[]> => {
    fences.set('c1', 5);
    keys.length = 0;
    await host.call(call, { executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1 }, () => isVoid);
    return [...keys];
  };
  expect([await sent(false), await sent(true)]).toEqual([['k', 'k'], ['k']]);
  isOver = true;
  expect(await sent(false)).toEqual(['k']);
});

test('a clean-up that has failed for good fails its task, and the step', async () => {
  const host: HostScript = { ...HOST, call: () => ({ code: 100 }) };
  await withRig({ ...OPTIONS, host }, async (rig) => {
    rig.submit('c1', 'Copies');
    await rig.run();
    const { status, error } = await rig.command();
    expect([status, error?.code, error?.causes[0]]).toEqual(['ROLLED_BACK', 'TASK_FAILED', `the clean-up before its next attempt failed: ${new CallFailed('unlock', 'host1', 100, 'scripted').message}`]);
    expect(rig.host.submissions.map(({ verb }) => verb)).not.toContain('remove');
  });
});

test('a clean-up that does not repeat itself parks the command; with the program mended, an operator lets it go on with what is recorded', async () => {
  const verbs = { wanted: ['unlock', 'unlink'] };
  const copy = defineCommand({ type: 'Copy', params: z.strictObject({}) })
    .step(
      step({
        name: 'copy',
        retry: { attempts: 2, backoffMs: 1_000 },
        createTask: () => ({ verb: 'copy', args: {}, pool: 'pool1' }),
        beforeRetry: async ({ call }) => {
          for (const verb of verbs.wanted) await call('host1', verb, {});
        },
        endWithFailure: () => undefined,
      }),
    )
    .build();
  let silent = true;
  const host: HostScript = { ...HOST, call: ({ verb }) => (verb === 'unlink' && silent ? 'silence' : { result: null }) };
  await withRig({ commands: [copy], host }, async (rig) => {
    const retried = async (requestId: string): Promise<readonly [string, string | undefined]> => {
      rig.ask({ op: 'operateCommand', commandId: 'c1', requestId, action: 'retry' });
      await rig.run();
      const { status, heldBy } = await rig.command();
      return [status, heldBy?.code];
    };
    rig.submit('c1', 'Copy');
    while (!rig.host.calls.some(({ verb }) => verb === 'unlink')) await rig.kernel.step();
    verbs.wanted = ['unlink', 'unlock'];
    rig.restart();
    await rig.run();
    expect(await rig.command()).toMatchObject({ status: 'PARKED', heldBy: { code: 'NONDETERMINISTIC_CALLBACK' } });
    expect(await retried('r1')).toEqual(['PARKED', 'NONDETERMINISTIC_CALLBACK']);
    verbs.wanted = ['unlock', 'unlink'];
    silent = false;
    expect(await retried('r2')).toEqual(['SUCCEEDED', undefined]);
    // What was answered is not asked again, what was not is asked under the same key, and nothing else ever was.
    const [unlocked, ...unlinked] = rig.host.calls.map(({ verb, key }) => `${verb} ${key}`);
    expect([unlocked?.startsWith('unlock'), new Set(unlinked).size, unlinked.length]).toEqual([true, 1, 2]);
  });
});
