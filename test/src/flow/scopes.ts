import type { FlowShape, HandlerShape } from '../../../src/flow/shape.js';
import { step } from './life.js';
import type { Diet } from './state-space.js';

// What is explored to the last state: of which steps the commands are, and what can happen to them.

const twice = { attempts: 2, backoffMs: 1_000, maxBackoffMs: 1_000 };
const undoRetry = { attempts: 1, backoffMs: 1_000, maxBackoffMs: 1_000 };
const only = { ...twice, retryIf: { only: { hostCodes: [261] } } } as const;
const timeoutMs = 1_000;

/** One of each kind of step that the flow tells apart. */
const KINDS: Readonly<Record<string, Partial<HandlerShape>>> = {
  plain: { undoRetry },
  bare: { undoRetry, hasEndWithFailure: false, hasCompensate: false },
  effectFree: { undoRetry, hasEndWithFailure: false, hasCompensate: false, effectFree: true },
  leaving: { undoRetry, hasCompensate: false, hasLeaves: true },
  patient: { undoRetry: twice, retry: twice },
  choosy: { undoRetry: only, retry: only },
  goingOn: { undoRetry, onUndoFailed: 'continue' },
  told: { undoRetry, hasCompensationEnded: true },
  crossingFirst: { undoRetry, retry: twice, pivotPart: 'beforeTask' },
  crossingInTask: { undoRetry, retry: twice, pivotPart: 'task' },
  crossingAgain: { undoRetry, retry: twice, pivotPart: 'task', hasCreateTask: false },
  crossingLast: { undoRetry, retry: twice, pivotPart: 'endSuccessfully' },
  cleaning: { undoRetry, retry: twice, hasBeforeRetry: true },
  cleaningInPivot: { undoRetry, retry: twice, hasBeforeRetry: true, pivotPart: 'task', hasCreateTask: false },
  limited: { undoRetry, timeoutMs },
  limitedPatient: { undoRetry, retry: twice, timeoutMs },
  limitedPivot: { undoRetry, retry: twice, timeoutMs, pivotPart: 'task' },
  limitedCleaning: { undoRetry, retry: twice, timeoutMs, hasBeforeRetry: true },
};

const NOTHING: Diet = { works: [''], reverts: [0], outcomes: [], reports: [], cancels: false, operators: 0, parks: false, isChild: false };
const ENDS = ['succeeded', 'failed', 'aborted'];
const REPORTS = ['completed', 'past', 'ended', 'held', 'closed'];

export interface Scope {
  readonly scope: string;
  readonly kinds: readonly string[];
  readonly steps: number;
  readonly diet: Partial<Diet>;
  /** How many states there are at least: what is explored must not shrink unnoticed. */
  readonly atLeast: number;
}

export const SCOPES: readonly Scope[] = [
  {
    scope: 'one step of any kind, and all that can become of its work',
    kinds: Object.keys(KINDS).filter((kind) => !/cleaning|limited/i.test(kind)),
    steps: 1,
    diet: { works: ['', 'copy', 'a child child'], reverts: [0, 1], outcomes: ['succeeded', 'failed', 'takenOver', 'refused', 'aborted'], reports: ['ended'], cancels: true, operators: 1 },
    atLeast: 115_000,
  },
  { scope: 'two steps', kinds: ['plain', 'bare', 'leaving', 'goingOn', 'told', 'crossingInTask'], steps: 2, diet: { works: ['', 'copy'], outcomes: ENDS, cancels: true, operators: 1 }, atLeast: 48_000 },
  { scope: 'three steps', kinds: ['plain', 'bare', 'effectFree', 'goingOn'], steps: 3, diet: { cancels: true, operators: 1 }, atLeast: 66_000 },
  { scope: 'four steps', kinds: ['plain', 'bare', 'goingOn', 'crossingLast'], steps: 4, diet: {}, atLeast: 100_000 },
  { scope: 'an operator who acts three times', kinds: ['plain', 'bare', 'goingOn', 'crossingLast'], steps: 2, diet: { cancels: true, operators: 3 }, atLeast: 46_000 },
  { scope: 'an operator who acts twice on tasks', kinds: ['plain', 'told', 'goingOn', 'crossingInTask', 'crossingAgain'], steps: 1, diet: { works: ['', 'copy', 'a b'], reverts: [0, 1], outcomes: ['succeeded', 'failed'], operators: 2 }, atLeast: 5_000 },
  {
    scope: 'children of both sorts',
    kinds: ['plain', 'goingOn', 'leaving', 'crossingFirst', 'crossingInTask', 'limited'],
    steps: 1,
    diet: { works: ['D E', 'a D child'], outcomes: ENDS, reports: REPORTS, cancels: true, operators: 1 },
    atLeast: 47_000,
  },
  { scope: 'children of a step that is behind', kinds: ['plain', 'goingOn', 'leaving'], steps: 2, diet: { works: ['D E'], worksLater: [''], reports: REPORTS, operators: 1 }, atLeast: 46_000 },
  { scope: 'a dependent child, which its parent may roll back', kinds: ['plain', 'bare', 'goingOn', 'told', 'crossingLast'], steps: 2, diet: { works: ['', 'D'], reports: REPORTS, cancels: true, operators: 1, isChild: true }, atLeast: 21_000 },
  { scope: 'time limits', kinds: ['limited', 'limitedPatient', 'limitedPivot'], steps: 1, diet: { works: ['', 'copy', 'a b'], outcomes: ENDS, cancels: true, operators: 1 }, atLeast: 14_000 },
  { scope: 'time limits of several steps', kinds: ['limited', 'limitedPivot', 'plain'], steps: 2, diet: { works: ['', 'copy'], outcomes: ENDS, cancels: true }, atLeast: 10_000 },
  { scope: 'clean-ups', kinds: ['cleaning', 'cleaningInPivot', 'limitedCleaning'], steps: 1, diet: { works: ['copy', 'a b'], reverts: [0, 1], outcomes: ENDS, cancels: true, operators: 1 }, atLeast: 14_500 },
  { scope: 'clean-ups by several tasks, beside children', kinds: ['cleaning'], steps: 1, diet: { works: ['copy', 'a D child'], reverts: [0, 2], outcomes: ENDS, reports: ['completed', 'ended', 'held'], cancels: true }, atLeast: 8_000 },
  { scope: 'being parked at any time', kinds: ['patient', 'told', 'crossingInTask', 'cleaning', 'limitedPatient'], steps: 1, diet: { works: ['', 'copy', 'a D'], reverts: [0, 1], outcomes: ENDS, reports: ['completed', 'ended', 'held'], cancels: true, operators: 1, parks: true }, atLeast: 15_000 },
];

/** Every command of the scope. */
export function shapesOf({ kinds, steps }: Scope): readonly FlowShape[] {
  return namesOf(kinds, steps).map((names) => names.map((kind, i) => step(`${kind} ${i}`, KINDS[kind])));
}

export function dietOf({ diet }: Scope): Diet {
  return { ...NOTHING, ...diet };
}

function namesOf(kinds: readonly string[], length: number): readonly (readonly string[])[] {
  if (length === 0) return [[]];
  return namesOf(kinds, length - 1).flatMap((names) => kinds.map((kind) => [...names, kind]));
}
