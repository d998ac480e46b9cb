import type { Part } from '../rules.js';
import { runEnd, workOf, type StepScript } from '../script.js';
import { ask, runOf } from './callback.js';
import { isIndependent, isTask, newItem, outcomesOf } from './item.js';
import { Closed, stuck } from './operator.js';
import { reached, type Step } from './step.js';
import { CANCELLED, errorOf, type End, type Stopped, type Tale } from './tale.js';
import { work } from './work.js';

// "Forward, for step i".

/** Step k up to its end. @returns the part that failed, or null */
export function forward(tale: Tale, k: number, script: StepScript): Part | null {
  const step = reached(k, script);
  tale.steps.push(step);
  try {
    return parts(tale, step);
  } catch (closed) {
    if (!(closed instanceof Closed)) throw closed;
    step.completed = true;
    step.closed = closed.how;
    return null;
  }
}

function parts(tale: Tale, step: Step): Part | null {
  const { script } = step;
  if (!tryPart(tale, step, 'start')) return 'start';
  step.begun = true;
  if (script.pivot === 'beforeTask' && step.pivot === 'maybe') step.pivot = 'passed';
  step.items = workOf(script).map(newItem);
  if (script.pivot === 'task' && step.items.some(isTask) && step.pivot === 'none') step.pivot = 'maybe';
  if (!work(tale, step)) return 'work';
  if (!tryPart(tale, step, 'endSuccessfully')) return 'endSuccessfully';
  step.hasOutput = true;
  if (script.pivot === 'endSuccessfully' && step.pivot === 'maybe') step.pivot = 'passed';
  step.completed = true;
  if (!tale.cancelled) return null;
  // Too late: past the point of no return, or a child has done on its own what is not this command's to undo.
  const tooLate = tale.isPast || hasSucceededAlone(step);
  if (!tooLate) tale.fails(CANCELLED);
  tale.cancelled = false;
  return tooLate ? null : 'endSuccessfully';
}

function hasSucceededAlone({ items }: Step): boolean {
  return items.some((item) => isIndependent(item) && item.outcome === 'succeeded');
}

/** Runs a callback until it is committed, or has failed for good. */
function tryPart(tale: Tale, step: Step, part: 'start' | 'endSuccessfully'): boolean {
  const { script } = step;
  let failures = 0;
  for (let attempt = 1; ; attempt += 1) {
    const refused = refusal(tale, step, part, attempt);
    if (refused === 'waited') return tale.fails(tale.stopped(step) ?? errorOf('throws'));
    const end = part === 'start' ? start(tale, step, attempt, refused) : runOf(tale, step, part, attempt, script.endSuccessfully, outcomesOf(step.items), refused);
    if (end === 'ok') return true;
    failures += 1;
    if (tale.rules.maybeAsks && script.pivot === (part === 'start' ? 'beforeTask' : part) && step.pivot === 'maybe' && ask(tale, step, attempt) === 'passed') {
      step.pivot = 'passed';
      tale.cancelled = false;
      failures = 0;
      continue;
    }
    const patient = tale.isPast;
    const stopped = part === 'start' ? tale.stopped(step) : tale.cancelled && !patient && !hasSucceededAlone(step) ? CANCELLED : null;
    if (stopped !== null) return tale.fails(stopped);
    if (patient && tale.isUncounted(end)) failures -= 1;
    else if (failures >= (patient ? tale.patience(script) : script.attempts) || !tale.picks(script, end)) {
      if (!patient) return tale.fails(errorOf(end));
      stuck(tale);
      failures = 0;
    }
  }
}

/** Why the commit of a run is refused; null: it is not. `waited`: the step was stopped before it began. */
function refusal(tale: Tale, step: Step, part: 'start' | 'endSuccessfully', attempt: number): Stopped | 'waited' | null {
  let refused: Stopped | null = null;
  // When its work is over, a step has no time limit any more.
  for (let stop = stopOf(tale, step, part); stop !== null; stop = stopOf(tale, step, part)) {
    if (part === 'endSuccessfully' && hasSucceededAlone(step)) throw tale.impossible('a cancel is refused here');
    if (!stop.inRun && (attempt === 1 || step.pivot === 'maybe')) throw tale.impossible('there was nothing to wait for');
    if (!stop.inRun) return 'waited';
    refused = part === 'start' ? tale.stopped(step) : CANCELLED;
  }
  return tale.rules.stopInRun === 'refusesItsCommit' ? refused : null;
}

function stopOf(tale: Tale, step: Step, part: 'start' | 'endSuccessfully'): { readonly inRun: boolean } | null {
  return part === 'start' ? tale.stopComes(step) : tale.cancelComes();
}

/** `beforeTask` and `createTask`, in one commit. */
function start(tale: Tale, step: Step, attempt: number, refused: Stopped | null): End {
  const { beforeTask, createTask, pivot } = step.script;
  const calls = beforeTask.calls && !(pivot === 'beforeTask' && step.pivot === 'passed');
  if (calls && pivot === 'beforeTask' && step.pivot === 'none') step.pivot = 'maybe';
  const first = runEnd(beforeTask, attempt);
  const end = first === 'ok' ? runEnd(createTask, attempt) : first;
  if (calls || (first === 'ok' && createTask.calls)) step.sent = true;
  if (end === 'ok' && refused === null) {
    tale.expect(step, 'beforeTask', attempt, 'ok');
    tale.expect(step, 'createTask', attempt, 'ok');
    tale.writes(step, 'beforeTask', attempt, beforeTask, '');
    tale.writes(step, 'createTask', attempt, createTask, `before ${step.index} `);
    step.startedBy = attempt;
    return 'ok';
  }
  const ended = end === 'ok' ? (refused ?? end) : end;
  tale.expect(step, first === 'ok' ? 'createTask' : 'beforeTask', attempt, ended);
  return ended;
}
