import type { CommandResult } from '../../sim/report/result.js';
import type { Changes, FaultDocument } from './scenario.js';

/** One way for a scenario to go, by default the live migration of two disks, without any crash. */
export interface FailureCase extends Changes {
  readonly name: string;
  /**
   * How the commands end, in the order of their ids, see {@link endOf}: the migration, then each disk's child if it came to that. Several: in any of these ways,
   * where a crash decides. Null: in any way, but they do end.
   */
  readonly ends: string | readonly string[] | null;
}

/** A command's status, and what there is of it if an operator has closed it: `CLOSED_BY_OPERATOR (a blocked, b failed)`. */
export function endOf({ status, exists = [] }: Pick<CommandResult, 'status' | 'exists'>): string {
  return exists.length === 0 ? status : `${status} (${exists.map(({ handler, why }) => `${handler} ${why}`).join(', ')})`;
}

const GENERAL = 100;

type Match = { readonly [arg: string]: string };

export function failTask(verb: string, match: Match, nth: number | 'every' = 1, code = GENERAL): FaultDocument {
  return { failTask: { verb, match, nth, code } };
}

/** Its host forgets it when it has begun, or when it is done. */
export function loseTask(verb: string, match: Match, when: 'atStart' | 'atEnd'): FaultDocument {
  return { loseTask: { verb, match, when } };
}

export function failCall(verb: string, match: Match, nth: number | 'every' = 1, code = GENERAL): FaultDocument {
  return { failCall: { verb, match, nth, code } };
}
