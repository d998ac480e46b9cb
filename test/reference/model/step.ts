import type { StepScript } from '../script.js';
import type { Item } from './item.js';

/** One step that was reached. */
export interface Step {
  readonly index: number;
  readonly script: StepScript;
  items: Item[];
  begun: boolean;
  /** The attempt of its start that was committed. */
  startedBy: number;
  sent: boolean;
  completed: boolean;
  hasOutput: boolean;
  pivot: 'none' | 'maybe' | 'passed';
  /** Its time was up before its work was over. */
  timedOut: boolean;
  /** By an operator. */
  closed: 'skipped' | 'resolved' | null;
  undo: string | undefined;
  /** Attempts of its undo callback that are over, if that has failed for good. */
  undoRuns: number;
  reverts: Item[];
  /** Attempts to tell how they ended that are over. */
  told: number;
  /** Its undo is given up at one of its children, and goes on with the others. */
  goesOn: boolean;
}

export function reached(index: number, script: StepScript): Step {
  return { index, script, items: [], begun: false, startedBy: 0, sent: false, completed: false, hasOutput: false, pivot: 'none', timedOut: false, closed: null, undo: undefined, undoRuns: 0, reverts: [], told: 0, goesOn: false };
}
