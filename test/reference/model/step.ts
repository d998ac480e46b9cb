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
  undo: string | undefined;
}

export function reached(index: number, script: StepScript): Step {
  return { index, script, items: [], begun: false, startedBy: 0, sent: false, completed: false, hasOutput: false, pivot: 'none', undo: undefined };
}
