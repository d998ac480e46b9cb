import { describe, expect, it } from 'vitest';
import { submitted, type CommandState } from '../../../src/flow/state.js';
import { SeatbeltError } from '../../../src/model/errors.js';
import type { ScannedEntry, StoreScan } from '../../../src/store/read-store.js';
import { FIRST_HEAD, type StoredCommand } from '../../../src/store/records.js';
import { commandText, storeText } from '../../../sim/report/store-text.js';
import { commandView, storeView } from '../../../sim/report/store-view.js';

const waiting = submitted({
  id: 'waits',
  type: 'MoveDisk',
  version: 1,
  params: { disk: 'disk1' },
  handlers: ['copy', 'remove'],
  parent: null,
  rootId: 'waits',
  locks: [],
  lockWait: 'refuse',
  submittedAt: 0,
});

const copying: CommandState = {
  ...waiting,
  id: 'copies',
  rootId: 'copies',
  status: 'RUNNING',
  phase: { at: 'work', of: 'step' },
  steps: [
    {
      handler: 'copy',
      reachedAt: 1_000_000,
      begun: true,
      work: [
        {
          kind: 'task',
          ordinal: 0,
          run: 1,
          id: 'copies$0.w1.0',
          attempt: 1,
          failures: 0,
          past: [],
          verb: 'syncImageData',
          args: { disk: 'disk1' },
          pool: 'pool1',
          entity: null,
          doneCodes: [], repeatable: false,
          notBefore: null,
          stop: null,
          outcome: null,
        },
      ],
      completed: false,
      pivot: 'none',
      revertWork: [],
    },
  ],
};

const entry = (key: string, record: Extract<ScannedEntry, { ok: true }>['record']): ScannedEntry => ({ key, ok: true, record });

const SCAN: StoreScan = {
  entries: [
    entry('command/copies', { kind: 'command', command: copying as unknown as StoredCommand }),
    entry('command/waits', { kind: 'command', command: waiting as unknown as StoredCommand }),
    entry('history/copies/0', {
      kind: 'history',
      commandId: 'copies',
      seq: 0,
      entry: { t: 1_500_000, handler: 'copy', index: 0, callback: 'beforeTask', attempt: 1, outcome: 'ok' },
    }),
    entry('lock/disk', { kind: 'lock', lock: { key: 'disk/disk1', mode: 'exclusive', owner: 'copies' } }),
    entry('meta/head', { kind: 'head', head: { ...FIRST_HEAD, commitSeq: 9, incarnation: 2 } }),
    entry('meta/store', { kind: 'identity', identity: { format: 'seatbelt', version: 1, storeId: 's1' } }),
    {
      key: 'task/x',
      ok: false,
      error: new SeatbeltError('STORE_CORRUPT', 'task/x: the checksum does not match'),
    },
  ],
  mismatch: null,
};

describe('what is in a store', () => {
  it('is listed by command, with where each is, and what is damaged hides nothing', () => {
    expect(storeText(storeView(SCAN))).toEqual([
      'store s1, incarnation 2, commit 9',
      '2 commands, 0 tasks, 1 lock, 0 entities',
      'copies  MoveDisk  RUNNING  at 0 copy, waiting for its work',
      'waits   MoveDisk  SUBMITTED  at 0 copy, waiting for its locks',
      'DAMAGED task/x: the checksum does not match [STORE_CORRUPT]',
    ]);
  });

  it('says that it is an older copy, and of what', () => {
    const head = entry('meta/head', { kind: 'head', head: { ...FIRST_HEAD, commitSeq: 9, incarnation: 2, refused: { commitSeq: 41, incarnation: 3 } } });
    expect(storeText(storeView({ entries: [head], mismatch: null }))[1]).toBe('refused, as an older copy: hosts have seen commit 41 of incarnation 3');
  });

  it('is shown in full for one command', () => {
    expect(commandText(commandView(SCAN, 'copies'))).toEqual([
      'copies  MoveDisk version 1  RUNNING  at 0 copy, waiting for its work',
      'params {"disk":"disk1"}',
      'steps',
      '  0 copy    begun',
      '      task syncImageData {"disk":"disk1"}: outstanding',
      '  1 remove  not reached',
      'committed callbacks',
      '  0:01.500  0 copy beforeTask #1: ok',
      'locks disk/disk1',
      'DAMAGED task/x: the checksum does not match [STORE_CORRUPT]',
    ]);
  });

  it('tells that a step ran out of time, what took the place of its tasks, and that an older store was accepted', () => {
    const [step] = copying.steps;
    const [item] = step?.work ?? [];
    if (step === undefined || item?.kind !== 'task') throw new Error('there is no task');
    const late: CommandState = { ...copying, inDoubt: true, steps: [{ ...step, timedOut: { requestedAt: 2_000_000, during: null }, superseded: [{ ...item, outcome: { kind: 'unknown' } }] }] };
    const head = { ...FIRST_HEAD, commitSeq: 50, incarnation: 3, epoch: 42 };
    const scan = { entries: [entry('command/copies', { kind: 'command', command: late as unknown as StoredCommand }), entry('meta/head', { kind: 'head', head })], mismatch: null };
    expect(commandText(commandView(scan, 'copies')).slice(1, 6)).toEqual([
      'in doubt: it was under way in an older store that was accepted, and what lost commits did for it is not known',
      'params {"disk":"disk1"}',
      'steps',
      '  0 copy    begun; its time was up at 0:02.000',
      '      task syncImageData {"disk":"disk1"}: outstanding',
    ]);
    expect(commandText(commandView(scan, 'copies'))).toContain('      task syncImageData {"disk":"disk1"}: unknown, superseded');
    expect(storeText(storeView(scan)).slice(1, 3)).toEqual(['commit 42 took up an older copy: what was committed between that and it is lost', '1 command, 0 tasks, 0 locks, 0 entities']);
  });

  it('tells which calls nobody has answered, of runs that are over and of one that may run again, and no other command\'s', () => {
    const call = (verb: string, reply: { code: number; message: string; result: null } | null) => ({ key: `copies/0/beforeTask/1/${verb}`, host: 'host2', hostIncarnation: 1, verb, args: {}, reply, reads: 0 });
    const record = (commandId: string, verb: string) => ({
      commandId,
      callback: 'start' as const,
      index: 0,
      attempt: 1,
      calls: [call('mount', { code: 0, message: '', result: null }), call(verb, null)],
      reads: [],
    });
    const waits: CommandState = { ...copying, unsettled: [{ host: 'host3', hostIncarnation: 4, verb: 'snapshot' }] };
    const scan: StoreScan = {
      entries: [
        entry('call/copies/callback', { kind: 'call', commandId: 'copies', slot: 'callback', record: record('copies', 'format') }),
        entry('call/waits/callback', { kind: 'call', commandId: 'waits', slot: 'callback', record: record('waits', 'resize') }),
        entry('command/copies', { kind: 'command', command: waits as unknown as StoredCommand }),
      ],
      mismatch: null,
    };
    expect(commandView(scan, 'copies').unanswered).toEqual([{ host: 'host3', hostIncarnation: 4, verb: 'snapshot' }, { host: 'host2', hostIncarnation: 1, verb: 'format' }]);
    expect(commandText(commandView(scan, 'copies')).slice(-2)).toEqual(['snapshot on host3 was not answered, and may still run', 'format on host2 was not answered, and may still run']);
  });

  it('tells what changes of its program a command has been through', () => {
    const [step] = copying.steps;
    if (step === undefined) throw new Error('there is no step');
    const dropped = { index: 1, number: 1, handler: 'mount', tasks: [{ id: 'copies$1.w1.0', verb: 'mountDisk', args: {}, entity: 'disk/disk1', outcome: { kind: 'unknown' as const } }], calls: [{ callback: 'start' as const, verb: 'format', host: 'host2' }], children: [] };
    const migrated: CommandState = {
      ...copying,
      version: 3,
      handlers: ['look', 'copy', 'remove'],
      steps: [{ ...step, handler: 'look', number: 7, completed: true, work: [] }, { ...step, number: 0 }],
      migrations: [
        { t: 2_000_000, from: 1, to: 2, passedOver: [7, 8], dropped: [dropped], givenUp: [{ callback: 'beforeRetry', number: 0, attempt: 2, task: 'copies$0.w1.2' }], historyLength: 1 },
        { t: 3_000_000, from: 2, to: 3, passedOver: [], dropped: [], givenUp: [], historyLength: 1 },
      ],
    };
    const scan: StoreScan = { entries: [entry('command/copies', { kind: 'command', command: migrated as unknown as StoredCommand })], mismatch: null };
    expect(commandText(commandView(scan, 'copies')).slice(-4)).toEqual([
      '0:02.000  migrated from version 1 to 2; it was past the new step look, a step that is gone',
      '  dropped, and not undone: step 1 mount: mountDisk disk/disk1 (unknown), format on host2',
      '  given up: beforeRetry #2 of step copy for copies$0.w1.2',
      '0:03.000  migrated from version 2 to 3',
    ]);
  });

  it('has no command of a misspelt id, but perhaps a similar one', () => {
    expect(() => commandView(SCAN, 'copis')).toThrowError(/no command of this id; did you mean 'copies'\?/);
  });
});
