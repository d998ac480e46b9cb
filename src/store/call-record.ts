import type { ScheduledCallback } from '../flow/state.js';
import type { Data } from '../model/data.js';
import type { EntityRead } from './staged-view.js';

/** An HSM call as it is recorded before it leaves. */
export type RecordedCall = {
  readonly host: string;
  readonly verb: string;
  readonly args: { readonly [key: string]: Data };
  readonly key: string;
  /** The host incarnation that it is meant for; another one refuses it. */
  readonly hostIncarnation: number;
  /** `done`: the call had declared the code to mean that what it wants is so already. */
  readonly reply: { readonly code: number; readonly message: string; readonly result: Data; readonly done?: true } | null;
  /** How many of the record's reads came before it. */
  readonly reads: number;
  /** It only read, and was answered: it stands here since what was called after it may have come of it. */
  readonly read?: true;
};

/** Whether the call went well: by its effect, or because there was nothing left to do. */
export function wentWell({ code, done }: NonNullable<RecordedCall['reply']>): boolean {
  return code === 0 || done === true;
}

/** `call/<command>/<slot>`: the calls of a callback that is running, so that a repeated run makes the same ones. By ordinal; null where the next attempt needs a new key. */
export type CallRecord = {
  readonly commandId: string;
  readonly index: number;
  readonly callback: ScheduledCallback;
  readonly attempt: number;
  /** Of `beforeRetry`: the id of the attempt that it comes before. */
  readonly task?: string;
  /** What the staged view had read before the last recorded call left. */
  readonly reads: readonly EntityRead[];
  readonly calls: readonly (RecordedCall | null)[];
};

/** Whether the record has a call that may have changed something. */
export function hasSent({ calls }: CallRecord): boolean {
  return calls.some((call) => call !== null && call.read !== true);
}
