import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createJournal } from '../../actors/journal.js';
import type { CommitOutcome, CommitRequest, JournalMessage } from '../../actors/messages.js';
import { entityKind } from '../../src/model/entity.js';
import { EntityTable } from '../../src/store/entity-table.js';
import { SnapshotStore } from '../../src/store/snapshot-store.js';
import { StagedView, type EntityRead } from '../../src/store/staged-view.js';
import { FakePorts, Mailbox } from './lone-engine.js';
import { SlowDisk } from './slow-disk.js';

type Counter = { readonly n: number };
const COUNTER = entityKind<Counter>('counter');

interface Asked {
  readonly outcomes: CommitOutcome[];
}

/** A journal on a slow disk, with a counter that stands at 1. */
async function aJournal() {
  const disk = new SlowDisk();
  await SnapshotStore.initialise(disk, { storeId: 's', entities: [{ key: 'counter/c', value: { n: 1 } }] });
  const store = await SnapshotStore.open(disk);
  const ports = new FakePorts(disk);
  const entities = new EntityTable(store.opened.entities);
  const mailbox = new Mailbox<JournalMessage>();
  mailbox.run(createJournal({ ports, store, entities, wakeSelf: mailbox.wake }));
  disk.slow = true;
  const commit = (request: Partial<CommitRequest>): Asked => {
    const outcomes: CommitOutcome[] = [];
    const staged = { reads: [], exempt: new Set<string>(), writes: [] };
    mailbox.wake({ type: 'commit', request: { changes: [], entities: staged, probes: [], ...request, wake: (outcome) => void outcomes.push(outcome) } });
    return { outcomes };
  };
  /** What a callback does that starts now and commits at once, or later. */
  const view = (recorded?: readonly EntityRead[]) => new StagedView(entities, recorded);
  const stage = (staged: StagedView): Asked => commit({ entities: staged.staged() });
  const reopened = async () => (await SnapshotStore.open(disk.memory.clone())).opened;
  const counter = () => entities.read('counter/c');
  return { disk, ports, commit, view, stage, reopened, counter, entities };
}

function adding(view: StagedView, by = 1): StagedView {
  view.update(COUNTER, 'c', ({ n }) => ({ n: n + by }));
  return view;
}

const COMMITTED = { kind: 'committed' };
const CONFLICT = { kind: 'conflict', entity: 'counter/c' };

describe('group commit', () => {
  test('has one batch in flight; what asks meanwhile rides together in the next', async () => {
    const { disk, commit } = await aJournal();
    const asked = [commit({}), commit({}), commit({})];
    expect(disk.pending).toBe(1);
    await disk.done();
    expect(asked.map(({ outcomes }) => outcomes)).toEqual([[COMMITTED], [], []]);
    expect(disk.pending).toBe(1);
    await disk.done();
    expect(asked.map(({ outcomes }) => outcomes)).toEqual([[COMMITTED], [COMMITTED], [COMMITTED]]);
    expect(disk.pending).toBe(0);
  });

  test('writes nothing when nobody asks', async () => {
    expect((await aJournal()).disk.pending).toBe(0);
  });

  test('shows and tells nothing before it is on disk', async () => {
    const { disk, ports, commit, view, counter } = await aJournal();
    const asked = commit({ entities: adding(view()).staged(), probes: [{ type: 'taskCleared', taskId: 't' }] });
    expect([counter(), ports.probes, asked.outcomes]).toEqual([{ version: 1, value: { n: 1 } }, [], []]);
    await disk.done();
    expect([counter(), ports.probes, asked.outcomes]).toEqual([{ version: 2, value: { n: 2 } }, [{ type: 'taskCleared', taskId: 't' }], [COMMITTED]]);
  });

  test('has on disk what it shows', async () => {
    const { disk, stage, view, reopened, counter, entities } = await aJournal();
    const made = view();
    made.put(COUNTER, 'new', { n: 7 });
    stage(adding(made));
    await disk.done();
    const { entities: stored } = await reopened();
    expect([stored.get('counter/c'), stored.get('counter/new')]).toEqual([counter(), entities.read('counter/new')]);
    expect(entities.read('counter/new')).toEqual({ version: 1, value: { n: 7 } });
  });

  test('stops the node when a write fails, and tells nobody that it is done', async () => {
    const { disk, ports, commit } = await aJournal();
    const asked = [commit({}), commit({})];
    await disk.fails(new Error('no space'));
    expect(ports.faults).toHaveLength(1);
    expect(asked.map(({ outcomes }) => outcomes)).toEqual([[], []]);
    expect(disk.pending).toBe(0);
  });
});

describe('a conflict', () => {
  test('with what was committed since is refused, and changes nothing', async () => {
    const { disk, stage, view, counter } = await aJournal();
    const late = view();
    late.get(COUNTER, 'c');
    stage(adding(view()));
    await disk.done();
    late.put(COUNTER, 'c', { n: 100 });
    expect(stage(late).outcomes).toEqual([CONFLICT]);
    expect([disk.pending, counter()]).toEqual([0, { version: 2, value: { n: 2 } }]);
  });

  test.each(['put', 'update', 'remove', 'a read alone'] as const)('is seen whatever the late one did: %s', async (what) => {
    const { disk, stage, view } = await aJournal();
    const late = view();
    if (what === 'put') late.put(COUNTER, 'c', { n: 9 });
    if (what === 'update') adding(late);
    if (what === 'remove') late.remove(COUNTER, 'c');
    if (what === 'a read alone') late.find(COUNTER, 'c');
    stage(adding(view()));
    await disk.done();
    expect(stage(late).outcomes).toEqual([CONFLICT]);
  });

  test('with what is not yet on disk is told when a further run can see it: at once, it would run into the same again', async () => {
    const { disk, stage, view, counter } = await aJournal();
    stage(adding(view()));
    const late = stage(adding(view()));
    expect(late.outcomes).toEqual([]);
    await disk.done();
    expect(late.outcomes).toEqual([CONFLICT]);
    expect(counter()).toEqual({ version: 2, value: { n: 2 } });
    const again = stage(adding(view()));
    await disk.done();
    expect([again.outcomes, counter()]).toEqual([[COMMITTED], { version: 3, value: { n: 3 } }]);
  });

  test('lets through what has nothing to do with it', async () => {
    const { disk, stage, view } = await aJournal();
    stage(adding(view()));
    const other = view();
    other.put(COUNTER, 'other', { n: 1 });
    const asked = stage(other);
    await disk.done();
    await disk.done();
    expect(asked.outcomes).toEqual([COMMITTED]);
  });

  test('is none for what was read before a call left; what is written is applied to the newest', async () => {
    const { disk, stage, view, counter } = await aJournal();
    const recorded = view();
    recorded.get(COUNTER, 'c');
    stage(adding(view(), 10));
    await disk.done();
    const asked = stage(adding(view(recorded.readsSoFar())));
    await disk.done();
    expect([asked.outcomes, counter()]).toEqual([[COMMITTED], { version: 3, value: { n: 12 } }]);
  });

  test('with the last of several that are on their way is seen, though an earlier one is done', async () => {
    const { disk, stage, view, counter } = await aJournal();
    const recorded = view();
    recorded.get(COUNTER, 'c');
    stage(adding(view()));
    stage(adding(view(recorded.readsSoFar())));
    await disk.done();
    const late = stage(adding(view()));
    await disk.done();
    expect([late.outcomes, counter()]).toEqual([[CONFLICT], { version: 3, value: { n: 3 } }]);
  });

  test('is seen by whoever had read that there was none', async () => {
    const { disk, stage, view } = await aJournal();
    const late = view();
    late.find(COUNTER, 'new');
    const first = view();
    first.put(COUNTER, 'new', { n: 1 });
    stage(first);
    await disk.done();
    expect(stage(late).outcomes).toEqual([{ kind: 'conflict', entity: 'counter/new' }]);
  });

  test('is seen by whoever had read a record that was deleted and made anew since', async () => {
    const { disk, stage, view, entities } = await aJournal();
    const late = view();
    late.get(COUNTER, 'c');
    const deleting = view();
    deleting.remove(COUNTER, 'c');
    stage(deleting);
    await disk.done();
    expect(entities.read('counter/c')).toBeUndefined();
    const making = view();
    making.put(COUNTER, 'c', { n: 1 });
    stage(making);
    await disk.done();
    expect(entities.read('counter/c')).toEqual({ version: 2, value: { n: 1 } });
    expect(stage(late).outcomes).toEqual([CONFLICT]);
  });
});

describe('a change of what was read before a call, and has been changed since,', () => {
  const refusal = (code: string) => [{ kind: 'refused', error: { code, message: expect.stringContaining('counter/c') as string } }];

  test.each<readonly [what: string, change: (late: StagedView) => void]>([
    ['replaces it', (late) => late.put(COUNTER, 'c', { n: 100 })],
    ['removes it', (late) => late.remove(COUNTER, 'c')],
    ['replaces it twice', (late) => [1, 2].forEach((n) => late.put(COUNTER, 'c', { n }))],
    ['changes it, and then replaces it', (late) => adding(late).put(COUNTER, 'c', { n: 100 })],
  ])('is refused if it %s: the other change would be undone', async (_, change) => {
    const { disk, ports, stage, view, counter, entities } = await aJournal();
    const recorded = view();
    recorded.get(COUNTER, 'c');
    stage(adding(view(), 10));
    await disk.done();
    const late = view(recorded.readsSoFar());
    late.put(COUNTER, 'other', { n: 1 });
    change(late);
    expect(stage(late).outcomes).toMatchObject(refusal('ENTITY_CHANGED'));
    expect([disk.pending, counter(), entities.read('counter/other'), ports.faults]).toEqual([0, { version: 2, value: { n: 11 } }, undefined, []]);
  });

  test('is refused against what is not yet on disk, too', async () => {
    const { disk, stage, view, counter } = await aJournal();
    const recorded = view();
    recorded.get(COUNTER, 'c');
    stage(adding(view()));
    const late = view(recorded.readsSoFar());
    late.put(COUNTER, 'c', { n: 100 });
    expect(stage(late).outcomes).toMatchObject(refusal('ENTITY_CHANGED'));
    await disk.done();
    expect(counter()).toEqual({ version: 2, value: { n: 2 } });
  });

  test('is refused where somebody has made or deleted the record', async () => {
    const { disk, stage, view, entities } = await aJournal();
    const recorded = view();
    recorded.get(COUNTER, 'c');
    recorded.find(COUNTER, 'new');
    const other = view();
    other.remove(COUNTER, 'c');
    other.put(COUNTER, 'new', { n: 1 });
    stage(other);
    await disk.done();
    for (const id of ['c', 'new']) {
      const late = view(recorded.readsSoFar());
      late.put(COUNTER, id, { n: 100 });
      expect(stage(late).outcomes).toMatchObject([{ kind: 'refused', error: { code: 'ENTITY_CHANGED' } }]);
    }
    expect([entities.read('counter/c'), entities.read('counter/new')?.value]).toEqual([undefined, { n: 1 }]);
  });

  test('is done where nobody has changed it', async () => {
    const { disk, stage, view, counter } = await aJournal();
    const recorded = view();
    recorded.get(COUNTER, 'c');
    const late = view(recorded.readsSoFar());
    late.put(COUNTER, 'c', { n: 100 });
    const asked = stage(late);
    await disk.done();
    expect([asked.outcomes, counter()]).toEqual([[COMMITTED], { version: 2, value: { n: 100 } }]);
  });

  test('runs its function once, and again only for a version that it has not seen', async () => {
    const { disk, stage, view, counter } = await aJournal();
    const ran: number[] = [];
    const counting = (recorded?: readonly EntityRead[]): StagedView => {
      const staged = view(recorded);
      staged.update(COUNTER, 'c', ({ n }) => {
        ran.push(n);
        return { n: n + 1 };
      });
      return staged;
    };
    const recorded = view();
    recorded.get(COUNTER, 'c');
    stage(counting());
    await disk.done();
    expect(ran).toEqual([1]);
    stage(counting(recorded.readsSoFar()));
    await disk.done();
    expect([ran, counter()?.value]).toEqual([[1, 1, 2], { n: 3 }]);
  });

  test('is refused if its function does not take the newest version, and those who come after are served', async () => {
    const { disk, ports, stage, view, counter } = await aJournal();
    const recorded = view();
    recorded.get(COUNTER, 'c');
    stage(adding(view()));
    await disk.done();
    const late = view(recorded.readsSoFar());
    late.put(COUNTER, 'other', { n: 1 });
    late.update(COUNTER, 'c', ({ n }) => {
      if (n !== 1) throw new RangeError('counter/c is not 1');
      return { n };
    });
    expect(stage(late).outcomes).toMatchObject(refusal('CALLBACK_THREW'));
    const next = stage(adding(view()));
    await disk.done();
    expect([next.outcomes, counter(), ports.faults]).toEqual([[COMMITTED], { version: 3, value: { n: 3 } }, []]);
  });
});

test('a counter is as high as increments were committed, however they are made and whenever they come', async () => {
  const increment = fc.record({ how: fc.constantFrom('update', 'get and put'), called: fc.boolean() });
  const course = fc.array(fc.oneof({ weight: 3, arbitrary: increment }, { weight: 2, arbitrary: fc.nat(5) }, { weight: 2, arbitrary: fc.constant('done' as const) }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(course, async (moves) => {
      const { disk, ports, stage, view, counter } = await aJournal();
      const asked: Asked[] = [];
      // Begun, each on what was there then; committed in whatever order.
      const begun: StagedView[] = [];
      for (const move of moves) {
        if (move === 'done') {
          if (disk.pending > 0) await disk.done();
        } else if (typeof move === 'number') {
          for (const late of begun.splice(move, 1)) asked.push(stage(late));
        } else {
          const before = view();
          before.get(COUNTER, 'c');
          const mine = move.called ? view(before.readsSoFar()) : before;
          if (move.how === 'update') adding(mine);
          else mine.put(COUNTER, 'c', { n: mine.get(COUNTER, 'c').n + 1 });
          begun.push(mine);
        }
      }
      for (const late of begun) asked.push(stage(late));
      while (disk.pending > 0) await disk.done();
      expect(asked.every(({ outcomes }) => outcomes.length === 1)).toBe(true);
      const committed = asked.filter(({ outcomes }) => outcomes[0]?.kind === 'committed').length;
      expect([counter(), ports.faults]).toEqual([{ version: 1 + committed, value: { n: 1 + committed } }, []]);
    }),
  );
});

test('a version grows by one per commit, however often the callback changed the record', async () => {
  const { disk, stage, view, counter } = await aJournal();
  stage(adding(adding(adding(view()))));
  await disk.done();
  expect(counter()).toEqual({ version: 2, value: { n: 4 } });
});

test('nobody loses an update, however many want the same record', async () => {
  const { disk, stage, view, counter } = await aJournal();
  let waiting = Array.from({ length: 8 }, () => stage(adding(view())));
  while (waiting.length > 0) {
    await disk.done();
    const told = waiting.filter(({ outcomes }) => outcomes.length > 0);
    const again = told.filter(({ outcomes }) => outcomes[0]?.kind === 'conflict').map(() => stage(adding(view())));
    waiting = [...waiting.filter((asked) => !told.includes(asked)), ...again];
  }
  expect(counter()).toEqual({ version: 9, value: { n: 9 } });
});
