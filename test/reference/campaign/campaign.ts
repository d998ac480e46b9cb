import { expect, it } from 'vitest';
import { check } from '../check.js';

// A campaign is split over several files, so that several cores work on it.

const SEED = Number(process.env['FC_SEED'] ?? 20_261_123);
/** Engines of each part, with four or five commands each. */
const RUNS = Number(process.env['REFERENCE_RUNS'] ?? 1_200);

/** What one part must at least have come to, in lives of 10 000 (see `reachedIn`): less than half of what it usually does. A comparison of less is worth less. */
const AT_LEAST: { readonly [what: string]: number } = {
  'status SUCCEEDED': 900,
  'status ROLLED_BACK': 2_500,
  'status ROLLBACK_INCOMPLETE': 500,
  'status STUCK': 50,
  'status CLOSED_BY_OPERATOR': 400,
  'status COMPLETED': 70,
  'undo compensated': 900,
  'undo left': 80,
  'undo nothingToUndo': 50,
  'undo failed': 200,
  'undo notUndoable': 300,
  'undo blocked': 60,
  'undo skipped': 90,
  'undo resolved': 90,
  'beforeTask CALL_FAILED': 500,
  'beforeTask CALL_UNKNOWN': 300,
  'beforeTask CALLBACK_THREW': 250,
  'createTask CANCELLED': 40,
  'endSuccessfully CALL_FAILED': 250,
  'endSuccessfully CALL_UNKNOWN': 130,
  'endWithFailure CALL_UNKNOWN': 130,
  'compensate CALL_UNKNOWN': 60,
  'compensationEnded ok': 600,
  'compensationEnded CALL_FAILED': 60,
  'compensationEnded CALL_UNKNOWN': 30,
  'beforeRetry ok of': 250,
  'beforeRetry CALL_FAILED of': 20,
  'beforeRetry CALLBACK_THREW of': 12,
  'hasPassed passed': 50,
  'hasPassed notPassed': 70,
  'hasPassed cannotTell': 40,
  '(step work ended: failed)': 300,
  '(step work ended: refused)': 600,
  '(step work ended: aborted)': 400,
  '(step work ended: childFailed)': 500,
  '(step work ended: childFailed, closed)': 60,
  '(step work ended: succeeded, past)': 30,
  '(step work is tried again)': 500,
  '(clean-up for step work ended: succeeded)': 80,
  '(clean-up for step work ended: failed)': 10,
  '(clean-up for step work ended: aborted)': 6,
  '(clean-up for step work is tried again)': 25,
  '(undo work ended: failed)': 150,
  '(undo work is tried again)': 250,
  '(the time of step is up)': 180,
  '(the time of step is up, in a run)': 15,
  '(cancel)': 700,
  '(cancel, in a run)': 150,
  '(child is undone: rolledBack)': 70,
  '(child is undone: closed)': 10,
  '(child is held no longer)': 80,
  '(an operator: retry)': 450,
  '(an operator: skip)': 100,
  '(an operator: resolve)': 100,
  '(an operator: abandon)': 120,
};

/** @param part from 1 */
export function playPart(part: number): void {
  it(`the real engine and the reference model never differ, whatever fails, is cancelled, or crashes (part ${part})`, { timeout: 1_200_000 }, async () => {
    const { commands, lives, crashes, reached, difference } = await check({ runs: RUNS, seed: SEED + part });
    if (difference !== null) expect.fail(difference);
    expect(commands).toBeGreaterThan(3 * RUNS);
    expect(crashes).toBeGreaterThan(RUNS / 4);
    const few = Object.entries(AT_LEAST).filter(([what, rate]) => (reached.get(what) ?? 0) < lessChance((rate * lives) / 10_000));
    expect(few.map(([what]) => `${what}: ${reached.get(what) ?? 0} of ${lives}`)).toEqual([]);
  });
}

/** In a short campaign, what is rare may not have come about. */
function lessChance(expected: number): number {
  return expected - 2 * Math.sqrt(expected);
}
