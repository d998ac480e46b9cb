import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineCommand } from '../../src/model/command.js';
import { taskHandler } from '../../src/model/handler.js';
import { FENCED } from '../../actors/wire.js';
import type { OperatorAction } from '../../src/model/operator.js';
import type { CommandState } from '../../src/flow/state.js';
import { SECOND, withRig, type EngineRig, type RigOptions } from './engine-rig.js';

// An engine whose store is an older copy of what hosts have seen.

const params = z.looseObject({});
const step = taskHandler<z.output<typeof params>>();
const copy = { verb: 'copy', args: {}, pool: 'pool1' };
const TWO = defineCommand({ type: 'Two', params })
  .step(step({ name: 'one', beforeTask: async ({ call }) => void (await call('host1', 'one', {})), createTask: () => copy, endWithFailure: () => undefined, compensate: () => undefined }))
  .step(step({ name: 'two', createTask: () => copy, endWithFailure: () => undefined, compensate: () => undefined }))
  .build();

/** What the host was asked to do. */
const asked = ({ host }: EngineRig) => [host.calls.length, host.submissions.length];

type Moment = 'engineStarted' | 'commandSubmitted' | 'taskPlaced' | 'taskSubmitted';

/** Runs a command to its end, and puts back a copy of the disk that was made at this moment of it. */
async function putBack(rig: EngineRig, moment: Moment): Promise<void> {
  rig.submit('c1', 'Two');
  await rig.runUntil(({ type }) => type === moment);
  const older = rig.copyOfDisk();
  await rig.run();
  rig.restartWith(older);
}

describe.each(['engineStarted', 'commandSubmitted', 'taskSubmitted'] as const)('a copy of the time of %s', (moment) => {
  test('is refused: the engine does nothing outside, and says why to whoever asks, also after its next start', async () => {
    await withRig({ commands: [TWO] }, async (rig) => {
      await putBack(rig, moment);
      const before = asked(rig);
      for (const again of [false, true]) {
        if (again) rig.restart();
        await rig.run();
        for (const body of [{ op: 'commandStatus', commandId: 'c1' }, { op: 'submitCommand', commandId: 'c2', type: 'Two', params: {} }] as const) {
          const question = rig.ask(body);
          await rig.run();
          expect(rig.replies.get(question)).toMatchObject({ result: { code: 'STORE_ROLLED_BACK', message: expect.stringMatching(/commit \d+ of incarnation 1/) as string } });
        }
      }
      expect([asked(rig), rig.told('storeRolledBack').length]).toEqual([before, 2]);
    });
  });
});

/** An operator accepts the copy that was put back, once hosts have refused it. Its engine has not yet started. */
async function accept(rig: EngineRig): Promise<{ readonly commitSeq: number; readonly incarnation: number }> {
  await rig.run();
  const seen = { commitSeq: rig.told('storeRolledBack')[0]?.seen ?? 0, incarnation: 1 };
  rig.restartWith(rig.copyOfDisk(), seen);
  return seen;
}

async function operate(rig: EngineRig, action: OperatorAction, commandId = 'c1'): Promise<number | undefined> {
  const asked = rig.ask({ op: 'operateCommand', commandId, requestId: action, action });
  await rig.runFor(60 * SECOND);
  return rig.replies.get(asked)?.code;
}

const held = ({ status, heldBy }: CommandState) => [status, heldBy?.code];
const PARKED = ['PARKED', 'STORE_ROLLED_BACK'];

/** On a host that refuses, as real ones do, what it has cleared. */
async function withRefusals(use: (rig: EngineRig) => Promise<void>, commands: RigOptions['commands'] = [TWO]): Promise<void> {
  await withRig({ commands }, async (rig) => {
    rig.host.script = { submit: (_verb, id) => (rig.host.cleared.includes(id) ? FENCED : 0) };
    await use(rig);
  });
}

describe.each<Moment>(['commandSubmitted', 'taskPlaced', 'taskSubmitted'])('a copy of the time of %s that an operator accepts', (moment) => {
  test('does nothing by itself with a command that went on after it, also after later starts; abandoned, nothing of it is left', async () => {
    await withRefusals(async (rig) => {
      await putBack(rig, moment);
      await accept(rig);
      const before = asked(rig);
      await rig.runFor(60 * SECOND);
      expect([held(await rig.command()), asked(rig)]).toEqual([PARKED, before]);
      rig.restartWith(rig.copyOfDisk());
      await rig.runFor(60 * SECOND);
      expect([held(await rig.command()), asked(rig)]).toEqual([PARKED, before]);

      expect(await operate(rig, 'abandon')).toBe(0);
      await rig.run();
      const { status, exists } = await rig.command();
      const left = moment === 'commandSubmitted' ? [] : [{ why: 'unfinished', tasks: [{ id: 'c1$0.w1.1.0', outcome: { kind: 'unknown' } }] }];
      expect({ status, exists, asked: asked(rig), tasks: (await rig.stored()).tasks.size }).toMatchObject({ status: 'CLOSED_BY_OPERATOR', exists: left, asked: before, tasks: 0 });
    });
  });

  test('is in force for good: later starts need no word of his, and new commands run', async () => {
    await withRefusals(async (rig) => {
      await putBack(rig, moment);
      const seen = await accept(rig);
      await rig.runFor(3 * SECOND);
      rig.restartWith(rig.copyOfDisk());
      rig.submit('c2', 'Two', {}, rig.kernel.now + 2 * SECOND);
      await rig.runFor(60 * SECOND);
      expect([(await rig.command('c2')).status, rig.told('storeRolledBack').length]).toEqual(['SUCCEEDED', 1]);
      expect((await rig.stored()).heads.get('head')?.commitSeq).toBeGreaterThan(seen.commitSeq);
    });
  });

  test('parks it wherever its engine crashes around that', { timeout: 120_000 }, async () => {
    const crash = async (at: 'before' | 'after', nth: number): Promise<boolean> => {
      let crashed = false;
      await withRefusals(async (rig) => {
        await putBack(rig, moment);
        await accept(rig);
        const before = asked(rig);
        rig.engine.planCrash({ at, portOperation: rig.engine.portOperations + nth }, () => {
          crashed = true;
          rig.startAgain();
        });
        await rig.runFor(5 * SECOND);
        const told = [at, nth, held(await rig.command()), asked(rig)];
        // Whoever is not answered asks again.
        const code = (await operate(rig, 'abandon')) ?? (await operate(rig, 'abandon'));
        expect([...told, code, (await rig.command()).status, asked(rig)]).toEqual([at, nth, PARKED, before, 0, 'CLOSED_BY_OPERATOR', before]);
      });
      return crashed;
    };
    let operation = 1;
    while ((await crash('before', operation)) && (await crash('after', operation))) operation += 1;
    expect(operation).toBeGreaterThan(4);
  });
});

test.each<[Moment, submitted: (epoch: number) => string[], status: string]>([
  // What it had not placed is new to the hosts, though the lost commits placed it.
  ['commandSubmitted', (epoch) => [`c1$0.w1.1e${epoch}.0`, `c1$1.w1.1e${epoch}.0`], 'SUCCEEDED'],
  // What the lost commits cleared is refused for good.
  ['taskPlaced', () => ['c1$0.w1.1.0'], 'ROLLED_BACK'],
])('retried from a copy of the time of %s, a command submits what it had not submitted', async (moment, submitted, status) => {
  await withRefusals(async (rig) => {
    await putBack(rig, moment);
    const { commitSeq } = await accept(rig);
    const before = rig.host.submissions.length;
    await rig.runFor(5 * SECOND);
    expect(await operate(rig, 'retry')).toBe(0);
    expect([rig.host.submissions.slice(before).map(({ taskId }) => taskId), (await rig.command()).status]).toEqual([submitted(commitSeq + 1), status]);
  });
});

test('a program that fits does not release what another had parked before', async () => {
  await withRefusals(async (rig) => {
    rig.submit('c1', 'Two');
    await rig.runUntil(({ type }) => type === 'taskPlaced');
    rig.restart([]);
    await rig.runUntil((probe) => probe.type === 'statusChanged' && probe.status === 'PARKED');
    const older = rig.copyOfDisk();
    rig.restart([TWO]);
    await rig.run();
    rig.restartWith(older);
    await rig.run();
    rig.restartWith(older, { commitSeq: rig.told('storeRolledBack')[0]?.seen ?? 0, incarnation: 3 });
    await rig.runFor(60 * SECOND);
    expect(held(await rig.command())).toEqual(PARKED);
    expect((await rig.command()).heldBy?.causes).toEqual([expect.stringMatching(/no command type 'Two'/)]);
  });
});

test('a store that is not older is not refused, wherever its engine crashes, and acceptance does not touch it', async () => {
  await withRig({ commands: [TWO] }, async (rig) => {
    rig.submit('c1', 'Two');
    for (let commit = 1; commit < 6; commit += 1) {
      await rig.runUntil(({ type }) => type === 'callbackCommitted', commit);
      if (rig.engine.up) rig.restartWith(rig.copyOfDisk(), { commitSeq: 1, incarnation: 1 });
    }
    await rig.run();
    expect([(await rig.command()).status, rig.told('storeRolledBack')]).toEqual(['SUCCEEDED', []]);
  });
});

/** The engine, which is about to start, dies as soon as it has recovered, before anybody could answer it; so often. Then it is about to start again. */
async function dieYoung(rig: EngineRig, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await rig.runUntil(({ type }) => type === 'engineRecovered', rig.told('engineRecovered').length + 1);
    rig.restart();
  }
}

async function head(rig: EngineRig) {
  const found = (await rig.stored()).heads.get('head');
  if (found === undefined) throw new Error('the store has no head');
  return found;
}

/** What the engine tells whoever asks. */
async function told(rig: EngineRig): Promise<unknown> {
  const question = rig.ask({ op: 'commandStatus', commandId: 'c1' });
  await rig.run();
  return rig.replies.get(question)?.result;
}

const REFUSED = { code: 'STORE_ROLLED_BACK', message: expect.stringMatching(/commit \d+ of incarnation 1/) as string };

describe.each(['engineStarted', 'taskPlaced', 'taskSubmitted'] as const)('a copy of the time of %s, started over and over', (moment) => {
  test.each([0, 1, 30, 150])('is refused after %i starts that died before they were answered, and from then on nothing is written', async (times) => {
    await withRig({ commands: [TWO] }, async (rig) => {
      await putBack(rig, moment);
      const before = asked(rig);
      await dieYoung(rig, times);
      await rig.run();
      const refused = await head(rig);
      expect(refused).toMatchObject({ refused: { incarnation: 1 } });
      for (let time = 0; time < 30; time += 1) {
        rig.restart();
        if (time % 2 === 0) await rig.run();
        else await rig.runFor(SECOND + 1_000);
      }
      await rig.run();
      expect(await told(rig)).toMatchObject(REFUSED);
      expect([asked(rig), await head(rig)]).toEqual([before, refused]);
    });
  });

  test('is accepted beyond its own commits too, if the operator names what was refused, and not for less', async () => {
    await withRefusals(async (rig) => {
      await putBack(rig, moment);
      await dieYoung(rig, 60);
      await rig.run();
      const { commitSeq, refused } = await head(rig);
      if (refused === null) throw new Error('it was not refused');
      expect(commitSeq).toBeGreaterThan(refused.commitSeq);
      rig.restartWith(rig.copyOfDisk(), { ...refused, commitSeq: refused.commitSeq - 1 });
      await rig.run();
      expect([await told(rig), (await head(rig)).commitSeq]).toEqual([expect.objectContaining(REFUSED), commitSeq]);

      rig.restartWith(rig.copyOfDisk(), refused);
      rig.submit('c2', 'Two', {}, rig.kernel.now + 2 * SECOND);
      await rig.runFor(60 * SECOND);
      expect(await head(rig)).toMatchObject({ epoch: commitSeq + 1, refused: null });
      expect((await rig.command('c2')).status).toBe('SUCCEEDED');
      if (moment !== 'engineStarted') expect(held(await rig.command())).toEqual(PARKED);
    });
  });

  test('is refused wherever its engine crashes, in the start that is refused and in the one after it', { timeout: 120_000 }, async () => {
    const crash = async (at: 'before' | 'after', nth: number, again: boolean): Promise<boolean> => {
      let crashed = false;
      await withRig({ commands: [TWO] }, async (rig) => {
        await putBack(rig, moment);
        const before = asked(rig);
        if (again) {
          await rig.run();
          rig.restart();
        }
        rig.engine.planCrash({ at, portOperation: rig.engine.portOperations + nth }, () => {
          crashed = true;
          rig.startAgain();
        });
        await rig.run();
        rig.restart();
        await rig.run();
        // Whoever is not answered asks again.
        const answer = (await told(rig)) ?? (await told(rig));
        expect([at, nth, again, answer, asked(rig)]).toEqual([at, nth, again, expect.objectContaining(REFUSED), before]);
        expect(await head(rig)).toMatchObject({ refused: { incarnation: 1 } });
      });
      return crashed;
    };
    for (const again of [false, true]) {
      let operation = 1;
      while ((await crash('before', operation, again)) && (await crash('after', operation, again))) operation += 1;
      expect(operation).toBeGreaterThan(again ? 2 : 8);
    }
  });
});

test('a store that is not older is not refused, however often its engine dies before it is answered', async () => {
  await withRig({ commands: [TWO] }, async (rig) => {
    rig.submit('c1', 'Two');
    await rig.runUntil(({ type }) => type === 'taskSubmitted');
    rig.restart();
    await dieYoung(rig, 150);
    await rig.run();
    expect([(await rig.command()).status, rig.told('storeRolledBack'), (await head(rig)).earlier]).toEqual(['SUCCEEDED', [], []]);
  });
});
