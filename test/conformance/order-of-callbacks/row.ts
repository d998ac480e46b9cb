import type { CommandStatus } from '../../../src/flow/state.js';

/** Where a row comes from: a class and line, or a test, of ovirt-engine 3.4 (`CB`: CommandBase.java). */
export interface Source {
  readonly source: string;
  readonly given: string;
  readonly when: string;
}

export type CallbackThatThrows = 'beforeTask' | 'createTask' | 'endSuccessfully' | 'endWithFailure' | 'compensate';

/** What a handler of a row does. By default its callbacks return without more ado, and it starts nothing. */
export interface HandlerSetup {
  /** How its tasks end; `twice`: badly the first time, well the second. */
  readonly tasks?: readonly ('well' | 'badly' | 'refused' | 'twice')[];
  readonly throws?: CallbackThatThrows;
  /** Only the first run of the callback throws. */
  readonly throwsOnce?: true;
  /** The end of the task that `compensate`, or `endWithFailure`, returns. */
  readonly revertTask?: { readonly from: 'compensate' | 'endWithFailure'; readonly ends: 'well' | 'badly' };
  /** It has a `compensationEnded`. */
  readonly hearsOfCompensation?: true;
  readonly attempts?: number;
  /** It has a `leaves`, and so no need of a `compensate`. */
  readonly leaves?: true;
  /** The callback that changes a record. */
  readonly changesRecordIn?: 'beforeTask' | 'endSuccessfully';
  /** How the independent children that `beforeTask` starts end. */
  readonly children?: readonly ('well' | 'badly')[];
}

/** When the engine dies, to be started again a second later. */
export type CrashAt =
  | { readonly just: 'before the commit of'; readonly callback: CallbackThatThrows; readonly step: number }
  | { readonly just: 'when the host has accepted'; readonly task: 'task' | 'revert task'; readonly step: number };

/** What is so in the end, beside the callbacks; a field that is left out is not looked at. */
export interface Afterwards {
  /** How often the record that `beforeTask` or `endSuccessfully` changes has been changed. */
  readonly recordChanged?: number;
  /** Different tasks that hosts have taken. */
  readonly tasksTaken?: number;
  readonly tasksStopped?: number;
  readonly residue?: readonly string[];
}

/** A row that the engine is driven through. Steps and handlers are counted from 1: `h2` is the handler of step 2. */
export interface DrivenRow extends Source {
  readonly handlers: readonly HandlerSetup[];
  readonly crash?: CrashAt;
  /** What oVirt did, in its own words; `execute` is `beforeTask` and `createTask`. */
  readonly ovirt: string;
  /** What happens here, in this order. */
  readonly then: readonly string[];
  readonly status: CommandStatus;
  readonly afterwards?: Afterwards;
  /** Where ours is another on purpose: why. */
  readonly differs?: string;
}

/** A row that a test elsewhere holds already. */
export interface HeldRow extends Source {
  readonly then: string;
  readonly heldBy: { readonly file: string; readonly test: string };
  readonly differs?: string;
}
