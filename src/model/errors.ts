/**
 * Every code that a {@link SeatbeltError} of ours can carry. They are part of the interface: a code is never renamed or given another
 * meaning. `docs/errors.md` describes each.
 */
export type ErrorCode =
  // definitions and submissions
  | 'BAD_DEFINITION'
  | 'BAD_PARAMS'
  | 'BAD_COMMAND_ID'
  | 'UNKNOWN_COMMAND_TYPE'
  | 'DUPLICATE_COMMAND'
  | 'UNKNOWN_COMMAND'
  | 'COMMAND_EXPIRED'
  | 'BAD_REQUEST'
  | 'NOT_PLAIN_DATA'
  // flow
  | 'LOCK_CONFLICT'
  | 'LOCK_TIMEOUT'
  | 'DEADLOCK'
  | 'CANCELLED'
  | 'CANCEL_REFUSED'
  | 'STEP_TIMEOUT'
  | 'OPERATOR_REFUSED'
  | 'TASK_FAILED'
  | 'CHILD_FAILED'
  | 'CHILD_HELD'
  | 'CHILD_STAYS'
  | 'CHILD_CYCLE'
  | 'PARENT_FAILED'
  | 'CALL_FAILED'
  | 'CALL_UNKNOWN'
  | 'CALLBACK_THREW'
  | 'NOT_UNDOABLE'
  | 'NONDETERMINISTIC_CALLBACK'
  | 'ENTITY_NOT_FOUND'
  | 'ENTITY_CHANGED'
  | 'BAD_ENTITY_KEY'
  | 'BAD_TASK'
  | 'BAD_CALL'
  | 'DEFINITION_CHANGED'
  | 'MIGRATION_FAILED'
  | 'UNKNOWN_POOL'
  // store
  | 'STORE_NOT_OURS'
  | 'STORE_NOT_EMPTY'
  | 'STORE_MISSING'
  | 'STORE_LOCKED'
  | 'STORE_CORRUPT'
  | 'STORE_READ_FAILED'
  | 'STORE_WRITE_FAILED'
  | 'STORE_VERSION'
  | 'STORE_ROLLED_BACK'
  // simulation
  | 'BAD_SCENARIO'
  | 'UNKNOWN_SCENARIO'
  | 'SCHEDULE_IN_PAST'
  | 'BAD_TIME'
  | 'TURN_BLOCKED'
  | 'LOG_WRITE_FAILED'
  | 'ALREADY_RUNNING'
  | 'SIMULATION_DISPOSED'
  | 'INTERNAL';

/** An error with a stable `code`, a cause chain, and word of whether trying the same thing again can help. */
export class SeatbeltError extends Error {
  override readonly name: string = 'SeatbeltError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly options: { readonly retryable?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
  }

  /** Whether the same request may succeed later, with nothing changed by the caller. */
  get retryable(): boolean {
    return this.options.retryable ?? false;
  }
}

/** Where a command's params do not fit its schema, and why. */
export interface ParamIssue {
  /** From the params on: `['disks', 0]`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Params that do not fit their command's schema. */
export class BadParams extends SeatbeltError {
  override readonly name = 'BadParams';

  constructor(
    readonly commandType: string,
    readonly issues: readonly ParamIssue[],
  ) {
    super('BAD_PARAMS', `${commandType}: ${issues.map(({ path, message }) => `${['params', ...path].join('.')}: ${message}`).join('; ')}`);
  }
}

/** An HSM verb was answered with an error code by its host: the verb is over and this is its result. */
export class CallFailed extends SeatbeltError {
  override readonly name = 'CallFailed';

  constructor(
    readonly verb: string,
    readonly host: string,
    /** The host's own error code, e.g. 40 (not converged). See docs/errors.md. */
    readonly hostCode: number,
    message: string,
  ) {
    super('CALL_FAILED', `${verb} on ${host} failed with ${hostCode}: ${message}`);
  }
}

/** No answer to an HSM verb within its time-out, or one from a host that has restarted: it may or may not have run. */
export class CallUnknown extends SeatbeltError {
  override readonly name = 'CallUnknown';

  constructor(
    readonly verb: string,
    readonly host: string,
    message: string,
  ) {
    super('CALL_UNKNOWN', `${verb} on ${host}: ${message}`, { retryable: true });
  }
}

/** An error as it is kept on disk and shown to callers. */
export type ErrorRecord = {
  readonly code: string;
  readonly message: string;
  /** The host's code, where a host refused or failed something. */
  readonly hostCode?: number;
  /** An HSM call without an answer is behind it: it says nothing about the work. */
  readonly callUnknown?: true;
  readonly retryable: boolean;
  /** Messages of the causes, nearest first. */
  readonly causes: readonly string[];
};

/** An error and what is behind it, as the causes of another one; of none, none. */
export function asCauses(error: ErrorRecord | null): readonly string[] {
  return error === null ? [] : [error.message, ...error.causes];
}

/** Turns anything that was thrown into an {@link ErrorRecord}. A failed or unknown call counts as such however deep it is wrapped. */
export function recordOf(thrown: unknown): ErrorRecord {
  try {
    return recordOfChain(thrown);
  } catch {
    // It has a getter, or is a proxy, that throws itself.
    return { code: 'CALLBACK_THREW', message: WITHOUT_TEXT, retryable: false, causes: [] };
  }
}

const WITHOUT_TEXT = 'something that cannot be turned into text was thrown';

function recordOfChain(thrown: unknown): ErrorRecord {
  const chain: unknown[] = [thrown];
  for (let at = thrown; at instanceof Error && at.cause !== undefined && chain.length < 9; at = at.cause) chain.push(at.cause);
  const failed = chain.find((link) => link instanceof CallFailed);
  const unknown = chain.some((link) => link instanceof CallUnknown);
  return {
    code: thrown instanceof SeatbeltError ? thrown.code : 'CALLBACK_THREW',
    message: messageOf(thrown),
    ...(failed === undefined ? {} : { hostCode: failed.hostCode }),
    ...(unknown ? { callUnknown: true } : {}),
    retryable: unknown || (thrown instanceof SeatbeltError && thrown.retryable),
    causes: chain.slice(1).map(messageOf),
  };
}

/** Anything can be thrown, and the text goes to disk: so it must be had without throwing again, and be well-formed. */
function messageOf(thrown: unknown): string {
  let text: string;
  try {
    text = thrown instanceof Error ? String(thrown.message) : String(thrown);
  } catch {
    text = WITHOUT_TEXT;
  }
  return text.toWellFormed();
}
