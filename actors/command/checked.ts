import { z } from 'zod';
import { frozenData } from '../../src/model/data.js';
import type { Effect } from '../../src/model/effect.js';
import { SeatbeltError, type ErrorCode } from '../../src/model/errors.js';
import type { CallOptions, ChildRequest } from '../../src/model/handler.js';
import type { TaskRequest } from '../../src/model/task.js';
import { flawsText, IN_OUR_WORDS } from '../../src/model/wording.js';
import type { Args } from '../wire.js';

// What users' callbacks return is looked at before it becomes part of a command: a slip there must fail that callback, not the engine.

const text = z.string().refine((value) => value.isWellFormed(), 'not well-formed text');

const taskShape = z.strictObject({
  verb: text.min(1),
  args: z.record(z.string(), z.unknown()),
  pool: text.min(1),
  entity: text.optional(),
  doneCodes: z.array(z.int()).readonly().optional(),
  repeatable: z.boolean().optional(),
});

const callShape = z.strictObject({ host: text.min(1), verb: text.min(1), args: z.record(z.string(), z.unknown()) });

const optionsShape = z.strictObject({ doneCodes: z.array(z.int()).readonly().optional() });

const childShape = z.strictObject({ type: text.min(1), params: z.unknown(), independent: z.literal(true).optional() });

const effectsShape = z.array(z.strictObject({ verb: text, object: text })).readonly();

export function listOf(tasks: TaskRequest | readonly TaskRequest[] | undefined | void): readonly TaskRequest[] {
  if (tasks === undefined) return [];
  return Array.isArray(tasks) ? (tasks as readonly TaskRequest[]) : [tasks as TaskRequest];
}

/** @throws SeatbeltError `BAD_TASK` naming the field, `NOT_PLAIN_DATA` */
export function checkedTask(request: TaskRequest): TaskRequest {
  const parsed = taskShape.safeParse(request, IN_OUR_WORDS);
  if (!parsed.success) throw malformed('BAD_TASK', 'task', parsed.error);
  const { verb, pool, entity, doneCodes, repeatable } = parsed.data;
  const args = frozenData(request.args, `task ${verb} args`) as Args;
  return {
    verb,
    args,
    pool,
    ...(entity === undefined ? {} : { entity }),
    ...(doneCodes === undefined ? {} : { doneCodes }),
    ...(repeatable === undefined ? {} : { repeatable }),
  };
}

/** @throws SeatbeltError `BAD_TASK` naming the field. What its params are is for its definition to say. */
export function checkedChild(request: ChildRequest): ChildRequest {
  const parsed = childShape.safeParse(request, IN_OUR_WORDS);
  if (!parsed.success) throw malformed('BAD_TASK', 'startChild', parsed.error);
  return request;
}

/** @throws SeatbeltError `BAD_CALL` naming the field, `NOT_PLAIN_DATA` @returns the arguments as they are now, whatever becomes of the caller's object */
export function checkedCallArgs(host: string, verb: string, args: Args): Args {
  const parsed = callShape.safeParse({ host, verb, args }, IN_OUR_WORDS);
  if (!parsed.success) throw malformed('BAD_CALL', 'call', parsed.error);
  return frozenData(args, `${verb} args`) as Args;
}

/** The codes that end a call well. @throws SeatbeltError `BAD_CALL` naming the field */
export function checkedDoneCodes(options: CallOptions): readonly number[] {
  const parsed = optionsShape.safeParse(options, IN_OUR_WORDS);
  if (!parsed.success) throw malformed('BAD_CALL', 'call', parsed.error);
  return parsed.data.doneCodes ?? [];
}

/** @throws SeatbeltError `BAD_TASK` naming the field */
export function checkedEffects(effects: unknown): readonly Effect[] {
  const parsed = effectsShape.safeParse(effects, IN_OUR_WORDS);
  if (!parsed.success) throw malformed('BAD_TASK', 'leaves()', parsed.error);
  return parsed.data;
}

function malformed(code: ErrorCode, what: string, error: z.ZodError): SeatbeltError {
  return new SeatbeltError(code, flawsText(error.issues, [what]));
}
