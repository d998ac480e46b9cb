import { isHeld, isTerminal, type CommandState } from '../../src/flow/state.js';
import { sameData, type Data } from '../../src/model/data.js';

/** Whether this commit is of an operator's action. */
export function operated(before: CommandState, after: CommandState): boolean {
  return after.operator.length > before.operator.length;
}

/** What is wrong with operators' part in how a snapshot follows from the one before, each in words. */
export function operatorFlaws(before: CommandState, after: CommandState): readonly string[] {
  const flaws: string[] = [];
  const added = after.operator.slice(before.operator.length);
  if (!sameData(before.operator as Data, after.operator.slice(0, before.operator.length) as Data)) flaws.push('what operators did before is told otherwise now');
  if (added.length > 1) flaws.push(`${added.length} actions of operators are in one commit`);
  if (new Set(after.operator.map(({ requestId }) => requestId)).size < after.operator.length) flaws.push('one request of an operator was applied twice');
  const [entry] = added;
  if (entry !== undefined) {
    if (!isHeld(before.status)) flaws.push(`an operator acted on it while it was ${before.status}`);
    if (entry.status !== before.status || entry.index !== before.executionIndex) flaws.push(`the operator's action is logged at ${entry.status} ${entry.index}, and it was ${before.status} ${before.executionIndex}`);
    // Where a parked command is let go on, nothing is given up.
    if (after.fence === before.fence && (entry.status !== 'PARKED' || entry.action !== 'retry')) flaws.push('an operator gave up what was under way without a new fence number');
    if (entry.action === 'abandon' && after.status !== 'CLOSED_BY_OPERATOR') flaws.push(`it was abandoned, and is ${after.status}`);
  } else if ((before.status === 'STUCK' || before.status === 'ROLLBACK_INCOMPLETE') && before.status !== after.status && before.heldBy?.code !== 'CHILD_HELD') {
    // What was parked for another program goes on by itself in one that can continue it.
    flaws.push(`it was ${before.status}, and is ${after.status} without an operator`);
  }
  after.steps.forEach(({ undo, closed }, i) => {
    const old = before.steps[i];
    const closes = (undo !== old?.undo && (undo === 'skipped' || undo === 'resolved')) || closed !== old?.closed;
    if (closes && entry?.action !== 'skip' && entry?.action !== 'resolve') flaws.push(`step ${i} was closed without an operator`);
  });
  if (isTerminal(after.status) && after.status !== 'CLOSED_BY_OPERATOR' && after.exists.length > 0) flaws.push(`it is ${after.status}, and lists what exists`);
  return flaws;
}
