import { z } from 'zod';
import { frozenData } from '../../src/model/data.js';
import { SeatbeltError } from '../../src/model/errors.js';
import { OPERATOR_ACTIONS, type OperatorRequest } from '../../src/model/operator.js';
import { flawsText, IN_OUR_WORDS } from '../../src/model/wording.js';
import { actedBefore, operatorRefusal } from '../../src/flow/operator-rules.js';
import type { CommandState } from '../../src/flow/state.js';
import type { OperateAnswer } from '../messages.js';

// An operator's action on a held command, as it arrives, and what becomes of it.

const text = (max: number) => z.string().min(1).max(max).refine((value) => value.isWellFormed(), 'not well-formed text');

const operationShape = z.object({ requestId: text(64), action: z.enum(OPERATOR_ACTIONS), reason: text(1000).optional(), output: z.unknown().optional() });

/** @throws SeatbeltError `BAD_REQUEST` naming the field, `NOT_PLAIN_DATA` */
export function checkedOperation(request: unknown): OperatorRequest {
  const parsed = operationShape.safeParse(request, IN_OUR_WORDS);
  if (!parsed.success) throw new SeatbeltError('BAD_REQUEST', flawsText(parsed.error.issues, ['operate']));
  const { requestId, action, reason, output } = parsed.data;
  return { requestId, action, ...(reason === undefined ? {} : { reason }), ...(output === undefined ? {} : { output: frozenData(output, 'operate.output') }) };
}

/** What is to be said of an action that changes nothing. @param unfit why this program cannot continue the command, or null */
export function operateAnswer(state: CommandState, request: OperatorRequest, unfit: string | null): OperateAnswer {
  const before = actedBefore(state, request.requestId);
  if (before !== null && before.action !== request.action) {
    return { kind: 'refused', why: `request '${request.requestId}' was ${before.action}, and cannot be ${request.action} too` };
  }
  const why = before === null ? operatorRefusal(state, request, unfit) : null;
  return why === null ? { kind: 'done', state } : { kind: 'refused', why };
}

/** Whether it is possible where the command is, and was not done before. @param unfit as above */
export function isOperable(state: CommandState, request: OperatorRequest, unfit: string | null): boolean {
  return actedBefore(state, request.requestId) === null && operatorRefusal(state, request, unfit) === null;
}

/** Whether the command ends, or goes on, without what it had under way: that must be over then. */
export function leavesBehind({ action }: OperatorRequest): boolean {
  return action !== 'retry';
}
