import type { CommandDefinition } from '../../src/model/command.js';
import { SeatbeltError } from '../../src/model/errors.js';
import type { OperatorRequest } from '../../src/model/operator.js';
import { familyRootId } from '../../src/flow/children.js';
import { shapeOf } from '../../src/flow/shape.js';
import { transition } from '../../src/flow/transition.js';
import { isOver, type CommandState } from '../../src/flow/state.js';
import type { Disk } from '../../src/store/disk.js';
import { SnapshotStore } from '../../src/store/snapshot-store.js';
import { changesOf, endsItsFamily } from '../command/batch.js';
import { callChange, changesOfCalls } from '../command/call-slot.js';
import { calledWhereHeld } from '../command/called.js';
import { leavesBehind, operateAnswer } from '../command/operation.js';
import { mayStillRun, unsettledCalls, withUnsettled } from '../command/unsettled.js';
import { fitted } from './fitness.js';
import { openCallsOf, statesOf } from './recovery.js';

const ONLY_AN_ENGINE = 'only an engine can ask: go on with the run, and act then';

/** An operator's action on a command of a store that no engine has open. */
export interface OfflineOperation {
  readonly definitions: ReadonlyMap<string, CommandDefinition>;
  readonly commandId: string;
  readonly wish: Omit<OperatorRequest, 'requestId'>;
  /** µs */
  readonly now: number;
}

/**
 * Commits the action, in one synced batch that is what an engine would write; the next engine goes on from there.
 * @returns the command's state after it
 * @throws SeatbeltError `UNKNOWN_COMMAND`; `OPERATOR_REFUSED` it does not fit where the command is, or only a running engine can tell; nothing changes then
 * @throws SeatbeltError `STORE_NOT_OURS`, `STORE_CORRUPT`, `STORE_VERSION`, `STORE_WRITE_FAILED`
 */
export async function operateOffline(disk: Disk, { definitions, commandId, wish, now }: OfflineOperation): Promise<CommandState> {
  const store = await SnapshotStore.open(disk);
  const contents = store.opened;
  const commands = statesOf(contents);
  const live = commands.find(({ id }) => id === commandId);
  const before = live ?? ((await store.findDone(commandId)) as CommandState | undefined);
  if (before === undefined) throw new SeatbeltError('UNKNOWN_COMMAND', `there is no command '${commandId}'`);
  const refused = (why: string): SeatbeltError => new SeatbeltError('OPERATOR_REFUSED', `command '${commandId}': ${why}`);
  // Nobody resends it: each time it is asked for is a request of its own.
  const request: OperatorRequest = { requestId: `offline-${before.operator.length + 1}`, ...wish };
  const { handlers, unfit } = fitted(definitions, before);
  const answer = operateAnswer(before, request, unfit?.message ?? null);
  if (answer.kind === 'refused') throw refused(answer.why);

  const open = openCallsOf(contents, commandId);
  const [unsettled] = unsettledCalls(before, open);
  if (leavesBehind(request) && unsettled !== undefined) throw refused(`${mayStillRun(unsettled)}; ${ONLY_AN_ENGINE}`);
  const called = calledWhereHeld(before, open);
  const event = { type: 'operate', request, unfit: unfit?.message ?? null, called } as const;
  // What follows from an operator's action has no back-off.
  const step = transition(shapeOf(handlers), before, event, { now, jitter: 0 });
  if (step === null) throw new SeatbeltError('INTERNAL', `command '${commandId}': ${request.action} is possible, and changes nothing`);
  const calls = changesOfCalls(open, step.state, undefined);
  const after = withUnsettled(before, step.state, { open, changes: calls, settled: null });
  const [left] = after.unsettled ?? [];
  if (left !== undefined && isOver(after)) throw refused(`${mayStillRun(left)}; ${ONLY_AN_ENGINE}`);
  const changes = changesOf({
    definitions,
    before,
    event,
    step: { ...step, state: after },
    history: [],
    tasks: new Map([...contents.tasks].filter(([, task]) => task.commandId === commandId)),
    heldLocks: () => [...contents.locks.values()].filter(({ owner }) => owner === before.rootId),
    completedFamily: endsItsFamily(after) ? commands.filter((other) => other.status === 'COMPLETED' && familyRootId(other) === commandId) : [],
    now,
  });
  await store.commit([...changes, ...calls.map((change) => callChange(commandId, change))]);
  return after;
}
