import type { Data } from './data.js';

/** What an operator can do with a held command. */
export const OPERATOR_ACTIONS = ['retry', 'skip', 'resolve', 'abandon'] as const;

/**
 * `retry`: goes on from where it stopped. `skip`: gives up what it is held at, and goes on with the rest. `resolve`: the same, but the operator has done it by
 * hand. `abandon`: ends it as it is.
 */
export type OperatorAction = (typeof OPERATOR_ACTIONS)[number];

/** An operator's wish as it is asked for. */
export type OperatorRequest = {
  /** Chosen by the caller, 1 to 64 characters; a request that is sent again with the same one is not applied twice. */
  readonly requestId: string;
  readonly action: OperatorAction;
  /** For the log. */
  readonly reason?: string;
  /** The output of the step that `resolve` completes, for later steps to see. */
  readonly output?: Data;
};
