import type { Data } from '../../src/model/data.js';
import type { ReadResult } from '../storage-port.js';

/** What a host says to a request. */
export interface Answer {
  /** 0: done. */
  readonly code: number;
  readonly message: string;
  readonly result: Data;
}

/** Where an answer goes. */
export interface ReturnAddress {
  readonly node: string;
  readonly correlation: string;
}

export function done(result: Data): Answer {
  return { code: 0, message: 'OK', result };
}

export function refused(code: number, message: string): Answer {
  return { code, message, result: null };
}

export function answerOf(outcome: ReadResult): Answer {
  return outcome.ok ? done(outcome.result) : refused(outcome.code, outcome.message);
}
