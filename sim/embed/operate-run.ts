import { operateOffline } from '../../actors/engine/offline.js';
import { checkedOperation } from '../../actors/command/operation.js';
import { BUILT_IN_COMMANDS } from '../../src/commands/index.js';
import type { CommandState } from '../../src/flow/state.js';
import type { OperatorRequest } from '../../src/model/operator.js';
import { checkedOwnNames } from '../scenario/define/own.js';
import { vocabularyOf } from '../scenario/vocabulary.js';
import { openRun, type FindDefinitions } from './run-store.js';

/**
 * An operator's action on a held command of a run that is kept in `directory`, and that no process goes on with at present.
 * @returns the command's state after it
 * @throws SeatbeltError `UNKNOWN_COMMAND`, `OPERATOR_REFUSED`, `BAD_REQUEST`, `NOT_PLAIN_DATA`; nothing changes then
 * @throws SeatbeltError as `openRun`
 */
export async function operateRun(directory: string, commandId: string, wish: Omit<OperatorRequest, 'requestId'>, find: FindDefinitions): Promise<CommandState> {
  const { requestId: _, ...checked } = checkedOperation({ ...wish, requestId: 'checked' });
  const { run, reopen, world } = await openRun(directory, find);
  try {
    const own = checkedOwnNames(run.scenario, vocabularyOf(BUILT_IN_COMMANDS));
    const definitions = new Map([...BUILT_IN_COMMANDS, ...own.definitions.map((definition) => [definition.type, definition] as const)]);
    const disk = await reopen();
    try {
      return await operateOffline(disk, { definitions, commandId, wish: checked, now: world?.progress.now ?? 0 });
    } finally {
      await disk.close();
    }
  } finally {
    await world?.close();
  }
}
