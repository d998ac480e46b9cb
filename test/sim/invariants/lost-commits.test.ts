import { describe, expect, it } from 'vitest';
import { exactlyOnce } from '../../../sim/invariants/exactly-once.js';
import { truth } from '../../../sim/invariants/truth.js';
import type { CommandState } from '../../../src/flow/state.js';
import type { StoredCommand } from '../../../src/store/records.js';
import { ThreeSteps } from './definitions.js';
import { Life } from './life.js';
import { headOp, opsOf, Watched } from './watched.js';

// An older store, of which commit 41 of incarnation 3 was the last that hosts have seen, is taken up.

const LOST = { commitSeq: 41, incarnation: 3 };
const OLDER = { code: 'STORE_ROLLED_BACK', message: 'an older copy', retryable: false, causes: [] };

const lives = (run: Watched) => [new Life(run, ThreeSteps, 'c1').admitted(), new Life(run, ThreeSteps, 'c2')] as const;
const parked = (state: CommandState): CommandState => ({ ...state, epoch: 42, inDoubt: true, fence: 43, status: 'PARKED', heldBy: OLDER, phase: { at: 'held', from: state.phase } });

interface Batch {
  /** The head's commit, incarnation and epoch. */
  readonly head?: readonly [number, number, number];
  /** Made of the first command, which is rightly parked. */
  readonly forged?: Partial<CommandState>;
  readonly forgotten?: true;
}

function takenUp({ head = [42, 4, 42], forged = {}, forgotten }: Batch): readonly string[] {
  const run = new Watched([ThreeSteps], [exactlyOnce], LOST);
  const [first, other] = lives(run);
  const states = [{ ...parked(first.state), ...forged }, ...(forgotten === true ? [] : [parked(other.state)])];
  run.write([...opsOf(states.map((state) => ({ type: 'command', state: state as unknown as StoredCommand }))), headOp(...head)]);
  return run.broken;
}

describe('the batch that takes up an older store', () => {
  it('parks all that is not over, beyond all that hosts have seen', () => {
    expect(takenUp({})).toEqual([]);
    expect(takenUp({ head: [42, 9, 42] })).toEqual([]);
  });

  it.each<[string, Batch, RegExp]>([
    ['another epoch than the one accepted', { head: [43, 4, 43] }, /epoch 43 begins, and what was accepted is epoch 42/],
    ['a commit that is not its first', { head: [50, 4, 42] }, /epoch 42 begins with commit 50/],
    ['no new incarnation', { head: [42, 1, 42] }, /incarnation 1 follows incarnation 1/],
    ['a command that is left as it was', { forgotten: true }, /c2: it is SUBMITTED, and was not taken up when epoch 42 began/],
    ['a command that goes on', { forged: { status: 'RUNNING', heldBy: null } }, /c1: it was taken up from an older store, and is RUNNING/],
    ['a fence number that hosts may have seen', { forged: { fence: 42 } }, /c1: its fence is 42 in epoch 42/],
    ['a command that is not told to be in doubt', { forged: { inDoubt: undefined as never } }, /c1: it is not said to be in doubt/],
    ['a command that is somewhere else', { forged: { executionIndex: 1 } }, /c1: its executionIndex has changed as it was taken up/],
    ['a command that is another', { forged: { params: { other: true } } }, /c1: its params has changed/],
  ])('is not lawful with %s', (_, batch, breach) => {
    expect(takenUp(batch)).toContainEqual(expect.stringMatching(breach));
  });

  it('is the only one with which an epoch begins, and a command comes to be in doubt', () => {
    const run = new Watched([ThreeSteps], [exactlyOnce]);
    const [first] = lives(run);
    run.write([headOp(42, 4, 42)]);
    expect(run.broken).toContainEqual(expect.stringMatching(/epoch 42 begins, and what was accepted is epoch 0/));
    first.forge({ inDoubt: true });
    expect(run.broken).toContainEqual(expect.stringMatching(/c1: its inDoubt has changed/));
  });
});

describe('a store that is refused', () => {
  const refused = () => {
    const run = new Watched([ThreeSteps], [exactlyOnce], LOST);
    run.write([headOp(1, 1, 0, LOST)]);
    expect(run.broken).toEqual([]);
    return run;
  };

  it('may be taken up', () => {
    const run = refused();
    run.write([headOp(42, 4, 42)]);
    expect(run.broken).toEqual([]);
  });

  it('is not refused any more then', () => {
    const run = refused();
    run.write([headOp(42, 4, 42, LOST)]);
    expect(run.broken).toEqual([expect.stringMatching(/epoch 42 begins, and the store is still refused/)]);
  });

  it('has no other commits', () => {
    const run = refused();
    run.write([headOp(2, 2, 0, LOST)]);
    expect(run.broken).toEqual([expect.stringMatching(/commit 2 follows the one that says that the store is refused/)]);
  });
});

describe('an effect that no commit of the store accounts for', () => {
  const VOLUME = { domain: 'hdd', disk: 'd1', volume: 'leaf', parent: 'd1-base', format: 'cow', sizeBytes: 1 };

  it.each([
    ['may be of lost commits, by its id', 'c9$0.w1.1.0', []],
    ['is a breach, where its id was made since', 'c9$0.w1.1e42.0', [expect.stringMatching(/no such task or call/)]],
  ])('%s', (_, key, broken) => {
    const run = new Watched([ThreeSteps], [truth], LOST);
    run.perform(key, 'createVolume', VOLUME, { commandId: 'c9', executionIndex: 0 });
    expect(run.broken).toEqual(broken);
  });

  it('is one in any case where no commits are lost', () => {
    const run = new Watched([ThreeSteps], [truth]);
    run.perform('c9$0.w1.1.0', 'createVolume', VOLUME, { commandId: 'c9', executionIndex: 0 });
    expect(run.broken).toEqual([expect.stringMatching(/no such task or call/)]);
  });
});
