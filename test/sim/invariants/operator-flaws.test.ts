import { describe, expect, it } from 'vitest';
import { operatorFlaws } from '../../../sim/invariants/operator-flaws.js';
import { submitted, type CommandState, type OperatorEntry, type StepState } from '../../../src/flow/state.js';

const error = { code: 'CALL_FAILED', message: 'no', retryable: false, causes: [] } as const;
const entry: OperatorEntry = { t: 1, requestId: 'r1', action: 'skip', status: 'ROLLBACK_INCOMPLETE', index: 0, heldBy: error, historyLength: 0 };
const step: StepState = { handler: 'one', reachedAt: 0, begun: true, work: [], completed: true, pivot: 'none', revertWork: [], undo: 'failed', undoError: error };
const fresh = submitted({ id: 'c1', type: 'T', version: 1, params: {}, handlers: ['one'], parent: null, rootId: 'c1', locks: [], lockWait: 'refuse', submittedAt: 0 });
const held: CommandState = { ...fresh, status: 'ROLLBACK_INCOMPLETE', executionReason: 'ROLLBACK_FLOW', heldBy: error, phase: { at: 'held', from: null }, steps: [step] };
const skipped: CommandState = { ...held, status: 'CLOSED_BY_OPERATOR', fence: held.fence + 1, heldBy: null, phase: { at: 'ended' }, steps: [{ ...step, undo: 'skipped' }], operator: [entry] };

describe("operators' part in how a snapshot follows from the one before", () => {
  it('has no flaw where an action is logged as it was', () => expect(operatorFlaws(held, skipped)).toEqual([]));

  it.each<[string, CommandState, CommandState]>([
    ['what operators did before is told otherwise now', { ...held, operator: [{ ...entry, requestId: 'r0' }] }, { ...skipped, operator: [{ ...entry, requestId: 'rx' }, entry] }],
    ['2 actions of operators are in one commit', held, { ...skipped, operator: [entry, { ...entry, requestId: 'r2' }] }],
    ['one request of an operator was applied twice', { ...held, operator: [entry] }, { ...skipped, operator: [entry, entry] }],
    ['an operator acted on it while it was ROLLING_BACK', { ...held, status: 'ROLLING_BACK' }, { ...skipped, operator: [{ ...entry, status: 'ROLLING_BACK' }] }],
    ["the operator's action is logged at STUCK 3, and it was ROLLBACK_INCOMPLETE 0", held, { ...skipped, operator: [{ ...entry, status: 'STUCK', index: 3 }] }],
    ['an operator gave up what was under way without a new fence number', held, { ...skipped, fence: held.fence }],
    ['it was abandoned, and is ROLLING_BACK', held, { ...held, status: 'ROLLING_BACK', fence: held.fence + 1, operator: [{ ...entry, action: 'abandon' }] }],
    ['it was ROLLBACK_INCOMPLETE, and is ROLLED_BACK without an operator', held, { ...held, status: 'ROLLED_BACK' }],
    ['step 0 was closed without an operator', held, { ...skipped, operator: [{ ...entry, action: 'retry' }] }],
    ['it is ROLLED_BACK, and lists what exists', held, { ...held, status: 'ROLLED_BACK', fence: held.fence + 1, operator: [{ ...entry, action: 'retry' }], exists: [{ index: 0, handler: 'one', why: 'failed', tasks: [], calls: [], children: [] }] }],
  ])('%s', (flaw, before, after) => expect(operatorFlaws(before, after)).toEqual([flaw]));
});
