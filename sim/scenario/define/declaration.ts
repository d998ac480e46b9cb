import { z } from 'zod';
import type { ErrorCode } from '../../../src/model/errors.js';
import { dataMapSchema, dataSchema, hostCodeSchema, listOf, nameSchema, oneOrMore } from '../fields.js';
import { durationSchema, positiveDurationSchema } from '../units.js';

// A command as a scenario declares it. Texts and values may hold references (see template.ts), which are checked when it is compiled.

/** A text that may hold references. */
const textSchema = z.string().min(1);

/** What makes one entry of a list into one for each item of a list: a reference to it. */
const each = { each: textSchema.exactOptional() };

const paramTypeSchema = z.enum(['string', 'integer', 'number', 'boolean', 'any']);

const paramSchema = z.union(
  [
    paramTypeSchema.transform((type) => ({ type, list: false })),
    z.strictObject({ type: paramTypeSchema, list: z.boolean().default(false), default: dataSchema.exactOptional() }).readonly(),
  ],
  { error: 'expected string, integer, number, boolean or any, or {type: string, list: true, default: …}' },
);

const lockSchema = z.union([
  textSchema.transform((key): LockDeclaration => ({ key, mode: 'exclusive' })),
  z.strictObject({ key: textSchema, mode: z.enum(['exclusive', 'shared']).default('exclusive'), ...each }).readonly(),
]);

type LockDeclaration = { readonly key: string; readonly mode: 'exclusive' | 'shared'; readonly each?: string };

const entitySchema = z.string().regex(/^[A-Za-z][A-Za-z0-9]*\/./, { error: 'expected a kind and an id, such as booking/${params.trip}' });

const changeSchema = z
  .strictObject({
    create: entitySchema.exactOptional(),
    update: entitySchema.exactOptional(),
    delete: entitySchema.exactOptional(),
    /** Of a new record. */
    value: dataMapSchema.exactOptional(),
    /** The fields that become others. */
    set: dataMapSchema.exactOptional(),
    ...each,
  })
  .transform((change, context) => {
    const { create, update, value, set } = change;
    const refuse = (message: string, path: readonly string[] = []): never => {
      context.addIssue({ code: 'custom', message, path: [...path] });
      return z.NEVER;
    };
    const repeated = change.each === undefined ? {} : { each: change.each };
    const named = (['create', 'update', 'delete'] as const).filter((kind) => change[kind] !== undefined);
    const [kind] = named;
    if (kind === undefined || named.length > 1) return refuse('name one change: create, update or delete');
    if (value !== undefined && kind !== 'create') return refuse('belongs to create', ['value']);
    if (set !== undefined && kind !== 'update') return refuse('belongs to update', ['set']);
    if (create !== undefined) return { kind: 'create' as const, entity: create, value: value ?? {}, ...repeated };
    if (update === undefined) return { kind: 'delete' as const, entity: change.delete ?? '', ...repeated };
    return set === undefined ? refuse('say which fields change: set') : { kind: 'update' as const, entity: update, set, ...repeated };
  })
  .readonly();

const outcomesSchema = listOf(z.string(), 100);

const taskSchema = z
  .strictObject({
    verb: z.string(),
    args: dataMapSchema.prefault({}),
    /** Default: the scenario's pool, if it has one only. */
    pool: textSchema.exactOptional(),
    entity: textSchema.exactOptional(),
    doneCodes: listOf(hostCodeSchema, 100).prefault([]),
    /** Only of verbs that the scenario declares: how this task's attempts go. */
    outcomes: outcomesSchema.exactOptional(),
    /** Running it twice does what running it once does. */
    repeatable: z.boolean().default(false),
    ...each,
  })
  .readonly();

const callSchema = z
  .strictObject({
    host: textSchema,
    verb: z.string(),
    args: dataMapSchema.prefault({}),
    /** Answers with these codes are good ones: what was wanted is so already. */
    doneCodes: listOf(hostCodeSchema, 100).prefault([]),
    outcomes: outcomesSchema.exactOptional(),
    /** What later values of the same callback call its result: `${results.NAME}`. */
    as: nameSchema.exactOptional(),
    ...each,
  })
  .readonly();

const childSchema = z.strictObject({ type: z.string(), params: dataMapSchema.prefault({}), independent: z.boolean().default(false), ...each }).readonly();

const effectSchema = z.strictObject({ verb: z.string(), object: textSchema, ...each }).readonly();

/** What the callbacks and tasks of a declared step can fail with. */
const RETRIED = ['TASK_FAILED', 'CALL_FAILED', 'CALL_UNKNOWN', 'CALLBACK_THREW', 'ENTITY_NOT_FOUND'] as const satisfies readonly ErrorCode[];

const NAME_ONE = { error: 'name at least one' };

const errorsSchema = z
  .strictObject({
    codes: listOf(z.enum(RETRIED, { error: `expected one of ${RETRIED.join(', ')}` }), 100)
      .refine((codes) => codes.length > 0, NAME_ONE)
      .exactOptional(),
    hostCodes: listOf(hostCodeSchema, 100)
      .refine((codes) => codes.length > 0, NAME_ONE)
      .exactOptional(),
  })
  .refine(({ codes, hostCodes }) => codes !== undefined || hostCodes !== undefined, { error: 'say which errors: codes, hostCodes or both' })
  .readonly();

const policySchema = z
  .strictObject({
    attempts: z.int().min(1),
    backoff: durationSchema.exactOptional(),
    maxBackoff: durationSchema.exactOptional(),
    retryIf: z
      .union([z.strictObject({ only: errorsSchema }).readonly(), z.strictObject({ except: errorsSchema }).readonly()], {
        error: 'expected {only: {codes: […], hostCodes: […]}} or {except: {…}}, with one of them or both',
      })
      .exactOptional(),
  })
  .readonly();

const calls = { calls: oneOrMore(callSchema).prefault([]) };
const changes = { changes: oneOrMore(changeSchema).prefault([]) };

/** What a host is asked, and the answer that counts; of a mapping, the fields that are named here do. */
const questionSchema = z.strictObject({ host: textSchema, verb: z.string(), args: dataMapSchema.prefault({}), is: dataSchema.prefault(true) }).readonly();

const probeSchema = z
  .strictObject({
    /** The verb of the tasks that it tells of. */
    of: z.string(),
    doneIf: questionSchema.exactOptional(),
    notDoneIf: questionSchema.exactOptional(),
  })
  .refine(({ doneIf, notDoneIf }) => doneIf !== undefined || notDoneIf !== undefined, { error: 'say by what it is known: doneIf, notDoneIf or both' })
  .readonly();

const undoSchema = z.strictObject({ ...calls, ...changes, tasks: oneOrMore(taskSchema).prefault([]) }).readonly();

const handlerSchema = z
  .strictObject({
    name: nameSchema,
    effectFree: z.boolean().default(false),
    beforeTask: z
      .strictObject({
        ...calls,
        ...changes,
        children: oneOrMore(childSchema).prefault([]),
        /** Kept for the step's other callbacks: `${before.NAME}`. */
        keep: dataMapSchema.exactOptional(),
      })
      .readonly()
      .prefault({}),
    createTask: oneOrMore(taskSchema).prefault([]),
    /** Before a failed task is tried again: what cleans up after it. */
    beforeRetry: undoSchema.exactOptional(),
    endSuccessfully: z.strictObject({ ...calls, ...changes, output: dataMapSchema.exactOptional() }).readonly().prefault({}),
    /** Both of the following in one. */
    undo: undoSchema.exactOptional(),
    endWithFailure: undoSchema.exactOptional(),
    compensate: undoSchema.exactOptional(),
    /** After the tasks of an undo, however they ended. */
    compensationEnded: z.strictObject({ ...calls, ...changes }).readonly().exactOptional(),
    leaves: oneOrMore(effectSchema).exactOptional(),
    pointOfNoReturn: z
      .strictObject({
        part: z.enum(['beforeTask', 'task', 'endSuccessfully']),
        passedIf: questionSchema,
      })
      .readonly()
      .exactOptional(),
    /** What became of a task of which no host can tell; where it does not say, nobody can. */
    probe: oneOrMore(probeSchema).exactOptional(),
    retry: policySchema.exactOptional(),
    undoRetry: policySchema.exactOptional(),
    onUndoFailed: z.enum(['stop', 'continue']).default('stop'),
    /** How long the step may take. */
    timeout: positiveDurationSchema.exactOptional(),
  })
  .superRefine(({ undo, endWithFailure, compensate, leaves, effectFree }, context) => {
    const refuse = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
    if (undo !== undefined && endWithFailure !== undefined) refuse('endWithFailure', 'undo stands for it already');
    if (undo !== undefined && compensate !== undefined) refuse('compensate', 'undo stands for it already');
    if (effectFree && (undo ?? compensate) !== undefined) refuse('effectFree', 'what changes nothing has nothing to undo');
    if (effectFree && leaves !== undefined) refuse('effectFree', 'what changes nothing leaves nothing');
  })
  .readonly();

/** One entry of `define`. */
export const commandDeclarationSchema = z
  .strictObject({
    type: nameSchema,
    version: z.int().min(1).default(1),
    params: z.record(nameSchema, paramSchema).readonly().prefault({}),
    locks: oneOrMore(lockSchema).prefault([]),
    /** How long it waits for its locks. */
    lockWait: z.union([z.literal('refuse'), durationSchema], { error: "expected 'refuse', or a duration with a unit, such as 90s" }).default('refuse'),
    handlers: listOf(handlerSchema, 100).refine((handlers) => handlers.length > 0, { error: 'a command has at least one handler' }),
  })
  .readonly();

export type CommandDeclaration = z.output<typeof commandDeclarationSchema>;
export type HandlerDeclaration = CommandDeclaration['handlers'][number];
export type ParamDeclaration = CommandDeclaration['params'][string];
export type ChangeDeclaration = z.output<typeof changeSchema>;
export type TaskDeclaration = z.output<typeof taskSchema>;
export type CallDeclaration = z.output<typeof callSchema>;
export type QuestionDeclaration = z.output<typeof questionSchema>;
export type ChildDeclaration = z.output<typeof childSchema>;
export type UndoDeclaration = z.output<typeof undoSchema>;
export type TellDeclaration = Pick<UndoDeclaration, 'calls' | 'changes'>;
export type PolicyDeclaration = z.output<typeof policySchema>;
