import { answerOf, runEnd, type Runs } from '../script.js';
import type { Step } from './step.js';
import type { End, Stopped, Tale } from './tale.js';

/** One run of a callback. @param refused why its commit is, if so @param ofTask which task `beforeRetry` is for */
export function runOf(tale: Tale, step: Step, callback: string, attempt: number, runs: Runs | null, shown: string, refused: Stopped | 'TASK_FAILED' | null = null, ofTask: number | null = null): End {
  if (runs?.calls === true && step.script.pivot === callback && step.pivot === 'none') step.pivot = 'maybe';
  const end = runEnd(runs, attempt);
  const ended = end === 'ok' ? (refused ?? end) : end;
  tale.expect(step, callback, attempt, ended, ofTask);
  if (ended === 'ok' && runs !== null) tale.writes(step, callback, attempt, runs, shown);
  return ended;
}

/** Asks whether the point of no return is behind, until it can be told. @param tries how often the part was tried */
export function ask(tale: Tale, step: Step, tries: number): 'passed' | 'notPassed' {
  for (let asked = 1; ; asked += 1) {
    while (tale.stopComes(step) !== null);
    const answer = answerOf(step.script, tries, asked);
    tale.expect(step, 'hasPassed', asked, answer);
    if (answer !== 'cannotTell') return answer;
  }
}
