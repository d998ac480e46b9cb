import type { EntityKey } from '../model/entity.js';
import { SeatbeltError } from '../model/errors.js';
import type { SpmAsyncTask } from '../model/task.js';

/*
 * The layout of the store. Keys are ASCII, their parts are separated by `/`, and no part holds one: so no id's prefix meets another's.
 *
 *   meta/store                                 the store's identity
 *   meta/head                                  the last commit
 *   command/<id>                               a command's snapshot
 *   history/<command>/<seq>                    its committed callbacks
 *   call/<command>/<slot>                      the recorded HSM calls of one of its open callbacks
 *   task/<id>                                  a task, found also by:
 *   task-by-command/<command>/<id>
 *   task-by-entity/<kind>/<entity>/<id>
 *   task-by-pool/<pool>/<id>
 *   entity/<kind>/<id>
 *   lock/<key>/<owner>
 *   done/<root>/<id>                           the last snapshot of a command that is over; it has no other
 *   ended/<µs>/<root>                          when a root command ended
 *   expired/<root>                             a root command of which nothing else is kept any more
 *
 * `history`, `done`, `ended` and `expired` are the archive: an engine that starts does not read it.
 */

export const STORE_KEY = 'meta/store';
export const HEAD_KEY = 'meta/head';

/** What a key stands for. */
export type StoreKey =
  | { readonly kind: 'identity' }
  | { readonly kind: 'head' }
  | { readonly kind: 'command'; readonly id: string }
  | { readonly kind: 'history'; readonly commandId: string; readonly seq: number }
  | { readonly kind: 'call'; readonly commandId: string; readonly slot: string }
  | { readonly kind: 'task'; readonly id: string }
  | { readonly kind: 'taskIndex'; readonly taskId: string }
  | { readonly kind: 'entity'; readonly entity: EntityKey }
  | { readonly kind: 'lock'; readonly key: string; readonly owner: string }
  | { readonly kind: 'done'; readonly id: string }
  | { readonly kind: 'ended'; readonly at: number; readonly rootId: string }
  | { readonly kind: 'expired'; readonly rootId: string };

export const commandKey = (id: string): string => `command/${part(id)}`;
export const historyPrefix = (commandId: string): string => `history/${part(commandId)}/`;
/** Of all a root's descendants. */
export const childHistoryPrefix = (rootId: string): string => `history/${part(rootId)}!`;
export const callRecordKey = (commandId: string, slot: string): string => `call/${part(commandId)}/${part(slot)}`;
export const taskKey = (id: string): string => `task/${part(id)}`;
export const tasksByCommandPrefix = (commandId: string): string => `task-by-command/${part(commandId)}/`;
/** Of all a root's descendants. */
export const tasksByDescendantsPrefix = (rootId: string): string => `task-by-command/${part(rootId)}!`;
export const tasksByEntityPrefix = (entity: EntityKey): string => `task-by-entity/${entityParts(entity)}/`;
export const tasksByPoolPrefix = (pool: string): string => `task-by-pool/${part(pool)}/`;
export const entityRecordKey = (entity: EntityKey): string => `entity/${entityParts(entity)}`;
export const lockRecordKey = (key: string, owner: string): string => `lock/${part(key)}/${part(owner)}`;

/** All of a family that is over. */
export const donePrefix = (rootId: string): string => `done/${part(rootId)}/`;
export const doneKey = (id: string): string => donePrefix(rootIdOf(id)) + part(id);
export const EXPIRED_PREFIX = 'expired/';
export const expiredKey = (rootId: string): string => EXPIRED_PREFIX + part(rootId);
/** Its keys sort by time. */
export const ENDED_PREFIX = 'ended/';

/** Ids of children begin with their root's, and a `!`, which no root's id has. */
export function rootIdOf(commandId: string): string {
  return commandId.split('!', 1)[0] ?? commandId;
}

const LIVE_SECTIONS = ['call/', 'command/', 'entity/', 'lock/', 'meta/', 'task'] as const;
/** What an engine reads when it starts: prefixes of all keys but the archive's. */
export const LIVE_PREFIXES: readonly string[] = LIVE_SECTIONS;

export function isArchiveKey(key: string): boolean {
  return !LIVE_SECTIONS.some((section) => key.startsWith(section));
}

const TIME_DIGITS = 16;

/** @param at µs, a safe integer from 0 */
export function endedKey(at: number, rootId: string): string {
  if (!Number.isSafeInteger(at) || at < 0) throw new SeatbeltError('INTERNAL', `${rootId}: it cannot have ended at ${at} µs`);
  return `${ENDED_PREFIX}${String(at).padStart(TIME_DIGITS, '0')}/${part(rootId)}`;
}

const SEQ_DIGITS = 10;

/** @param seq a whole number from 0 to 10^10 - 1; keys sort by it */
export function historyKey(commandId: string, seq: number): string {
  if (!Number.isInteger(seq) || seq < 0 || seq >= 10 ** SEQ_DIGITS) {
    throw new SeatbeltError('INTERNAL', `history of ${commandId}: ${seq} is out of range`);
  }
  return historyPrefix(commandId) + String(seq).padStart(SEQ_DIGITS, '0');
}

/** The keys under which a task is found, besides its own. */
export function taskIndexKeys(task: Pick<SpmAsyncTask, 'id' | 'commandId' | 'pool' | 'entity'>): string[] {
  const prefixes = [tasksByCommandPrefix(task.commandId), tasksByPoolPrefix(task.pool)];
  if (task.entity !== null) prefixes.push(tasksByEntityPrefix(task.entity));
  return prefixes.map((prefix) => prefix + part(task.id));
}

/** @throws SeatbeltError `STORE_CORRUPT` no key of ours */
export function parseKey(key: string): StoreKey {
  if (key === STORE_KEY) return { kind: 'identity' };
  if (key === HEAD_KEY) return { kind: 'head' };
  const [section = '', ...parts] = key.split('/');
  const [first = '', second = '', third = ''] = parts.map((text) => unpart(key, text));
  switch (`${section} ${parts.length}`) {
    case 'command 1':
      return { kind: 'command', id: first };
    case 'call 2':
      return { kind: 'call', commandId: first, slot: second };
    case 'task 1':
      return { kind: 'task', id: first };
    case 'done 2':
      return { kind: 'done', id: second };
    case 'ended 2':
      if (first.length === TIME_DIGITS && /^\d+$/.test(first)) return { kind: 'ended', at: Number(first), rootId: second };
      break;
    case 'expired 1':
      return { kind: 'expired', rootId: first };
    case 'lock 2':
      return { kind: 'lock', key: first, owner: second };
    case 'entity 2':
      return { kind: 'entity', entity: parts[0] === NO_KIND ? second : `${first}/${second}` };
    case 'task-by-command 2':
    case 'task-by-pool 2':
      return { kind: 'taskIndex', taskId: second };
    case 'task-by-entity 3':
      return { kind: 'taskIndex', taskId: third };
    case 'history 2':
      if (second.length === SEQ_DIGITS && /^\d+$/.test(second)) return { kind: 'history', commandId: first, seq: Number(second) };
      break;
    default:
  }
  throw notOurs(key);
}

/** Stands for the kind of an entity whose key has no `/`. No encoded part is a `%` alone. */
const NO_KIND = '%';

function entityParts(entity: EntityKey): string {
  const slash = entity.indexOf('/');
  return slash < 0 ? `${NO_KIND}/${part(entity)}` : `${part(entity.slice(0, slash))}/${part(entity.slice(slash + 1))}`;
}

const NEEDS_NO_ENCODING = /^[A-Za-z0-9_.!$-]*$/;

/** One part of a key: an id with everything but `[A-Za-z0-9_.!$-]` percent-encoded as UTF-8. */
function part(id: string): string {
  return NEEDS_NO_ENCODING.test(id) ? id : id.replace(/[^A-Za-z0-9_.!$-]+/g, (other) => {
    // Half a surrogate pair has no UTF-8, and would be replaced by the same character as any other half.
    if (/[\ud800-\udfff]/u.test(other)) throw new SeatbeltError('NOT_PLAIN_DATA', `id ${JSON.stringify(id)} is not well-formed Unicode`);
    return Array.from(Buffer.from(other), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
  });
}

function unpart(key: string, text: string): string {
  if (text === NO_KIND) return '';
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw notOurs(key, cause);
  }
}

function notOurs(key: string, cause?: unknown): SeatbeltError {
  return new SeatbeltError('STORE_CORRUPT', `${key}: a seatbelt store has no such key`, { cause });
}
