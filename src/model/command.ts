import { z } from 'zod';
import { atOnce } from './at-once.js';
import { frozenData, type Data } from './data.js';
import { fieldProblem, fn, handlerProblem } from './definition-shape.js';
import { BadParams, SeatbeltError } from './errors.js';
import { entireCommandTaskHandler, type EndAction, type ExecuteAction, type FailAction, type UndoAction } from './entire-command.js';
import type { AnyHandler, ErasedHandler, TaskHandler } from './handler.js';
import type { LockRequest, LockWait } from './lock.js';
import { migrationProblem, type Migrations } from './migration.js';
import { NO_RETRY, type RetrySettings } from './retry.js';
import { flawsOf, flawsText, IN_OUR_WORDS } from './wording.js';

/** A command type as the engine knows it. Made by {@link defineCommand}. */
export interface CommandDefinition {
  /** e.g. `LiveMigrateDisk`. */
  readonly type: string;
  /** Grows when the handler list changes in a way that commands in flight would notice. From 1. */
  readonly version: number;
  /** Checks params and fills in defaults. @throws BadParams naming each field @throws SeatbeltError as {@link handlersOf} */
  readonly parseParams: (params: unknown) => Data;
  /** All the locks the command needs, from its params alone, so that they are the same after a crash. */
  readonly locks: (params: Data) => readonly LockRequest[];
  readonly lockWait: LockWait;
  /** The steps; or how they follow from the params: see {@link handlersOf}. */
  readonly handlers: readonly ErasedHandler[] | ((params: Data) => readonly ErasedHandler[]);
  /** How commands that an earlier version began go on. */
  readonly migrations?: Migrations;
}

/**
 * The handler list of a command. Its names are persisted at submission; a list that is made from params follows from those that are persisted, never from what
 * is there at the time (oVirt made it anew of a chain that had become shorter).
 * @throws BadParams they ask for no steps @throws SeatbeltError `BAD_DEFINITION` what is made from them is no list of handlers
 */
export function handlersOf({ handlers }: CommandDefinition, params: Data): readonly ErasedHandler[] {
  return typeof handlers === 'function' ? handlers(params) : handlers;
}

export interface CommandSpec<S extends z.ZodType> {
  readonly type: string;
  readonly version?: number;
  readonly params: S;
  readonly locks?: (params: z.output<S>) => readonly LockRequest[];
  /** Default: `refuse`. */
  readonly lockWait?: LockWait;
  /** By the version that they lead away from: how commands in flight go on with this definition. Without one they are parked. */
  readonly migrations?: Migrations;
  /**
   * A command with as many steps as its params ask for has this instead of {@link CommandBuilder.step}; names must differ. Asked at submission and again whenever
   * an engine starts, with the same params, and so must answer the same: a command with another list of names is `PARKED`.
   */
  readonly handlers?: (params: z.output<S>) => readonly AnyHandler<z.output<S>>[];
  /** With it, the command is written the old way and has no steps: see `EntireCommand`, also for the three below. */
  readonly executeAction?: ExecuteAction<z.output<S>>;
  readonly endSuccessfully?: EndAction<z.output<S>>;
  readonly endWithFailure?: FailAction<z.output<S>>;
  readonly undo?: UndoAction<z.output<S>>;
}

/** A step's name must be one literal, and new: otherwise a later step could not say whose output it reads. */
type NewName<N extends string, O> = string extends N ? never : IsUnion<N> extends true ? never : N extends keyof O ? never : N;
type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never;

/** Collects the steps of a command; each sees the outputs of those before it, by name. A builder is not changed by its use. */
export interface CommandBuilder<P, O> {
  step<const N extends string, B = undefined, R = undefined>(handler: TaskHandler<NewName<N, O>, P, O, B, R>): CommandBuilder<P, O & { readonly [K in N]: R }>;
  /** @throws SeatbeltError `BAD_DEFINITION` none of steps, `handlers` and `executeAction`, or two of them, a name twice or malformed, a policy out of range, a point of no return in a part that is not there */
  build(): CommandDefinition;
}

/** A year: longer waits are mistakes of unit. */
const MAX_WAIT_MS = 365 * 24 * 3_600_000;
const NAME = /^[A-Za-z][A-Za-z0-9]*$/;

/** Version and wait are checked by value. */
const specShape = z.strictObject({
  type: z.string(),
  version: z.unknown().optional(),
  // Looked at with the handlers, to which they lead.
  migrations: z.record(z.string(), z.unknown()).optional(),
  params: z.custom<unknown>((value) => typeof (value as z.ZodType | null | undefined)?.safeParse === 'function', 'must be a zod schema'),
  locks: fn.optional(),
  lockWait: z.union([z.literal('refuse'), z.strictObject({ limitMs: z.unknown() })], { error: "must be 'refuse' or { limitMs }" }).optional(),
  handlers: fn.optional(),
  executeAction: fn.optional(),
  endSuccessfully: fn.optional(),
  endWithFailure: fn.optional(),
  undo: fn.optional(),
} satisfies { readonly [K in keyof Required<CommandSpec<z.ZodType>>]: z.ZodType });

/**
 * Defines a command: `defineCommand({ type, params }).step(first).step(second).build()`, or, written the old way,
 * `defineCommand({ type, params, executeAction, endSuccessfully }).build()`.
 * @throws SeatbeltError `BAD_DEFINITION` on a malformed type, version or lockWait
 */
export function defineCommand<S extends z.ZodType>(spec: CommandSpec<S>): CommandBuilder<z.output<S>, object> {
  const problem = fieldProblem(specShape, spec);
  // What is no object has no type to name.
  if (problem !== null) throw new SeatbeltError('BAD_DEFINITION', `command ${String((spec as { readonly type?: unknown } | undefined)?.type)}: ${problem}`);
  if (!NAME.test(spec.type)) throw new SeatbeltError('BAD_DEFINITION', `command type '${spec.type}': use letters and digits, a letter first`);
  const version = spec.version ?? 1;
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new SeatbeltError('BAD_DEFINITION', `command ${spec.type}: version must be a whole number from 1, not ${String(version)}`);
  }
  const lockWait = spec.lockWait ?? 'refuse';
  if (lockWait !== 'refuse' && !isWait(lockWait.limitMs)) {
    throw new SeatbeltError('BAD_DEFINITION', `command ${spec.type}: lockWait.limitMs must be from 0 to ${MAX_WAIT_MS}, not ${String(lockWait.limitMs)}`);
  }
  return builder(spec, version, []) as CommandBuilder<z.output<S>, object>;
}

/** The builder's type has checked each handler against the params and the earlier outputs; the engine will pass it just those. */
function builder<S extends z.ZodType>(spec: CommandSpec<S>, version: number, handlers: readonly ErasedHandler[]): unknown {
  return {
    step: (handler: unknown) => builder(spec, version, [...handlers, handler as ErasedHandler]),
    build: () => definition(spec, version, handlers),
  };
}

function definition<S extends z.ZodType>(spec: CommandSpec<S>, version: number, steps: readonly ErasedHandler[]): CommandDefinition {
  const { executeAction, handlers: listOf } = spec;
  const ways = [steps.length > 0 ? 'steps' : [], executeAction === undefined ? [] : 'an executeAction', listOf === undefined ? [] : 'a function for its handlers'].flat();
  if (ways.length > 1) throw new SeatbeltError('BAD_DEFINITION', `command ${spec.type}: it has ${ways.join(' and ')}; it can be written in one way only`);
  const stray = executeAction === undefined ? (['endSuccessfully', 'endWithFailure', 'undo'] as const).find((name) => spec[name] !== undefined) : undefined;
  if (stray !== undefined) throw new SeatbeltError('BAD_DEFINITION', `command ${spec.type}: ${stray} belongs to a handler, or to a command with an executeAction`);
  const written = executeAction === undefined ? steps : [entireCommandTaskHandler({ ...spec, executeAction }) as unknown as ErasedHandler];
  const fixed = listOf === undefined ? checked(spec.type, written) : null;
  const listed = (params: Data): readonly ErasedHandler[] => {
    const list: unknown = atOnce(listOf?.(params as z.output<S>));
    if (Array.isArray(list) && list.length === 0) throw new BadParams(spec.type, [{ path: [], message: 'they ask for no steps' }]);
    return checked(spec.type, list);
  };
  const { migrations = {} } = spec;
  const problem = migrationProblem(migrations, version, fixed?.map(({ name }) => name) ?? null);
  if (problem !== null) throw new SeatbeltError('BAD_DEFINITION', `command ${spec.type}: ${problem}`);
  return {
    type: spec.type,
    version,
    parseParams: (params) => {
      const parsed = parseParams(spec, params);
      if (fixed === null) listed(parsed);
      return parsed;
    },
    locks: (params) => locksOf(spec, params),
    lockWait: spec.lockWait ?? 'refuse',
    handlers: fixed ?? listed,
    migrations,
  };
}

/** The handlers, if they are such. @throws SeatbeltError `BAD_DEFINITION` */
function checked(type: string, list: unknown): readonly ErasedHandler[] {
  if (!Array.isArray(list)) throw new SeatbeltError('BAD_DEFINITION', `command ${type}: handlers(): it gives no list`);
  const handlers = list as readonly ErasedHandler[];
  if (handlers.length === 0) throw new SeatbeltError('BAD_DEFINITION', `command ${type}: it has no handlers`);
  handlers.forEach((handler, i) => {
    const malformed = handlerProblem(handler);
    if (malformed !== null) throw new SeatbeltError('BAD_DEFINITION', `command ${type}: handler ${i}: ${malformed}`);
    const problem = problemOf(handler, handlers.slice(0, i));
    if (problem !== null) throw new SeatbeltError('BAD_DEFINITION', `command ${type}: handler ${i} (${handler.name}): ${problem}`);
  });
  return handlers;
}

function problemOf(handler: ErasedHandler, earlier: readonly ErasedHandler[]): string | null {
  if (!NAME.test(handler.name)) return 'its name is not made of letters and digits, a letter first';
  if (earlier.some(({ name }) => name === handler.name)) return 'there is an earlier one of that name';
  if (handler.effectFree === true && handler.compensate !== undefined) return 'it is effectFree and has a compensate';
  const { timeoutMs } = handler;
  if (timeoutMs !== undefined && !(isWait(timeoutMs) && timeoutMs > 0)) return `timeoutMs must be more than 0 and up to ${MAX_WAIT_MS}, not ${String(timeoutMs)}`;
  const part = handler.pointOfNoReturn?.part;
  if (part === 'beforeTask' && handler.beforeTask === undefined) return 'its point of no return is in beforeTask, which it does not have';
  if (part === 'endSuccessfully' && handler.endSuccessfully === undefined) return 'its point of no return is in endSuccessfully, which it does not have';
  if (part === 'task' && handler.createTask === undefined && handler.beforeTask === undefined) return 'its point of no return is in a task, and nothing starts one';
  return policyProblem('retry', handler.retry) ?? policyProblem('undoRetry', handler.undoRetry);
}

function policyProblem(field: string, settings: RetrySettings | undefined): string | null {
  if (settings === undefined) return null;
  const policy = { ...NO_RETRY, ...settings };
  if (!Number.isSafeInteger(policy.attempts) || policy.attempts < 1) return `${field}.attempts must be a whole number from 1, not ${policy.attempts}`;
  if (!isWait(policy.backoffMs)) return `${field}.backoffMs must be from 0 to ${MAX_WAIT_MS}, not ${policy.backoffMs}`;
  if (!isWait(policy.maxBackoffMs)) return `${field}.maxBackoffMs must be from 0 to ${MAX_WAIT_MS}, not ${policy.maxBackoffMs}`;
  const retryIf = retryIfShape.safeParse(policy.retryIf);
  if (retryIf.success) return null;
  return `${field}.retryIf must be { only } or { except } with codes, hostCodes or both, none of them empty`;
}

const matchShape = z
  .strictObject({ codes: z.array(z.string().min(1)).min(1).optional(), hostCodes: z.array(z.int()).min(1).optional() })
  .refine(({ codes, hostCodes }) => codes !== undefined || hostCodes !== undefined);
const retryIfShape = z.union([z.strictObject({ only: matchShape }), z.strictObject({ except: matchShape })]).optional();

function isWait(ms: number): boolean {
  return Number.isFinite(ms) && ms >= 0 && ms <= MAX_WAIT_MS;
}

const keyShape = z.string().min(1).refine((key) => key.isWellFormed(), 'not well-formed text');
const locksShape = z.array(z.strictObject({ key: keyShape, mode: z.enum(['exclusive', 'shared']) })).readonly();

function locksOf<S extends z.ZodType>(spec: CommandSpec<S>, params: Data): readonly LockRequest[] {
  const locks = locksShape.safeParse(atOnce(spec.locks?.(params as z.output<S>) ?? []), IN_OUR_WORDS);
  if (locks.success) return locks.data;
  throw new SeatbeltError('BAD_DEFINITION', `command ${spec.type}: locks(): ${flawsText(locks.error.issues)}`);
}

function parseParams<S extends z.ZodType>(spec: CommandSpec<S>, params: unknown): Data {
  const parsed = spec.params.safeParse(params, IN_OUR_WORDS);
  if (!parsed.success) throw new BadParams(spec.type, flawsOf(parsed.error.issues));
  return frozenData(parsed.data, 'params');
}

const COMMAND_ID = /^[A-Za-z0-9_.-]{1,64}$/;

/**
 * Checks an id that a caller chose. Ids that the engine makes for children hold `!`, and task ids `$`, so that they meet no caller's.
 * @throws SeatbeltError `BAD_COMMAND_ID`
 */
export function checkCommandId(id: unknown): string {
  if (typeof id !== 'string' || !COMMAND_ID.test(id)) {
    throw new SeatbeltError('BAD_COMMAND_ID', `command id ${JSON.stringify(id)}: use 1 to 64 of A-Z a-z 0-9 _ . -`);
  }
  return id;
}
