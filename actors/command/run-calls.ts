import { frozen, sameData, type Data } from '../../src/model/data.js';
import { CallFailed, CallUnknown, SeatbeltError, type ErrorRecord } from '../../src/model/errors.js';
import type { CallOptions } from '../../src/model/handler.js';
import { wentWell, type CallRecord, type RecordedCall } from '../../src/store/call-record.js';
import type { EntityRead } from '../../src/store/staged-view.js';
import type { Answer } from '../exchange.js';
import { ANOTHER_INCARNATION, STALE, type Args } from '../wire.js';
import { checkedCallArgs, checkedDoneCodes } from './checked.js';

type Reply = NonNullable<RecordedCall['reply']>;

export interface RunCallsDeps {
  /** What an earlier run of the same attempt, or the attempt before, has left. */
  readonly recorded: CallRecord | null;
  /** Who calls, in words. */
  readonly caller: () => string;
  /** @throws SeatbeltError `INTERNAL` if the callback has ended */
  readonly assertOpen: (what: string) => void;
  /** What the callback's view has read so far. */
  readonly readsSoFar: () => readonly EntityRead[];
  readonly keyOf: (ordinal: number) => string;
  /** Makes what is known of the calls durable: one is about to leave. */
  readonly commit: () => Promise<void>;
  readonly incarnationOf: (host: string) => Promise<number | null>;
  readonly call: (call: RecordedCall) => Promise<Answer>;
  readonly read: (host: string, verb: string, args: Args) => Promise<Answer>;
}

/** The calls of one run of a callback, and what it asks of hosts, by their order: a repeated run is to make the same ones. */
export class RunCalls {
  readonly #calls: (RecordedCall | null)[];
  /** What the view had read when the last recorded call left. What is read later is read anew by a repeated run: nothing outside depends on it yet. */
  #readsAtLastCall: readonly EntityRead[];
  #nextOrdinal = 0;
  #deviation: ErrorRecord | null = null;

  constructor(private readonly deps: RunCallsDeps) {
    this.#calls = [...(deps.recorded?.calls ?? [])];
    this.#readsAtLastCall = deps.recorded?.reads ?? [];
  }

  /** It called something else than its recorded run: it cannot be trusted to go on. */
  get deviation(): ErrorRecord | null {
    return this.#deviation;
  }

  /** What a repeated run of the same attempt has to be given. What hosts were asked after the last call they are asked anew: nothing outside has come of it. */
  record(): Pick<CallRecord, 'reads' | 'calls'> {
    const last = this.#calls.findLastIndex((call) => call !== null && call.read !== true);
    return { reads: this.#readsAtLastCall, calls: this.#calls.slice(0, last + 1) };
  }

  /** See `StepContext.call`. */
  async call(host: string, verb: string, given: Args, options: CallOptions): Promise<Data> {
    this.deps.assertOpen(verb);
    const args = checkedCallArgs(host, verb, given);
    const doneCodes = checkedDoneCodes(options);
    const ordinal = this.#next();
    const call = this.#known(ordinal, host, verb, args) ?? (await this.#recorded(ordinal, host, verb, args));
    return resultOf(call, call.reply ?? (await this.#send(ordinal, call, doneCodes)));
  }

  /** See `StepContext.read`. */
  async read(host: string, verb: string, given: Args): Promise<Data> {
    this.deps.assertOpen(verb);
    const args = checkedCallArgs(host, verb, given);
    const ordinal = this.#next();
    const known = this.#known(ordinal, host, verb, args);
    if (known !== null && known.reply !== null) return resultOf(known, known.reply);
    const reads = this.deps.readsSoFar().length;
    const { incarnation, code, message, result } = await this.#ask(host, verb, args);
    const reply: Reply = { code, message, result };
    this.#keep(ordinal, { host, verb, args, key: this.deps.keyOf(ordinal), hostIncarnation: incarnation, reply, reads, read: true });
    return resultOf({ host, verb }, reply);
  }

  /** The same, of which nothing is kept. */
  async readOnly(host: string, verb: string, given: Args): Promise<Data> {
    this.deps.assertOpen(verb);
    return resultOf({ host, verb }, await this.#ask(host, verb, checkedCallArgs(host, verb, given)));
  }

  #next(): number {
    this.#nextOrdinal += 1;
    return this.#nextOrdinal - 1;
  }

  /** The call as it stands in the record. */
  #known(ordinal: number, host: string, verb: string, args: Args): RecordedCall | null {
    const known = this.#calls[ordinal] ?? null;
    if (known === null || (known.host === host && known.verb === verb && sameData(known.args, args))) return known;
    this.#deviation = {
      code: 'NONDETERMINISTIC_CALLBACK',
      message: `${this.deps.caller()}: call ${ordinal} was ${known.verb} on ${known.host}, and is now ${verb} on ${host} or has other arguments`,
      retryable: false,
      causes: [],
    };
    throw new SeatbeltError('NONDETERMINISTIC_CALLBACK', this.#deviation.message);
  }

  /** A new one, which is committed first. */
  async #recorded(ordinal: number, host: string, verb: string, args: Args): Promise<RecordedCall> {
    const { deps } = this;
    const incarnation = await deps.incarnationOf(host);
    if (incarnation === null) throw new CallUnknown(verb, host, 'the host does not answer; nothing was sent');
    // The callback may have thrown meanwhile; a verb that leaves now would do so behind the back of what follows.
    deps.assertOpen(verb);
    const reads = deps.readsSoFar();
    const call: RecordedCall = { host, verb, args, key: deps.keyOf(ordinal), hostIncarnation: incarnation, reply: null, reads: reads.length };
    this.#keep(ordinal, call);
    this.#readsAtLastCall = reads;
    await deps.commit();
    return call;
  }

  async #send(ordinal: number, call: RecordedCall, doneCodes: readonly number[]): Promise<Reply> {
    this.deps.assertOpen(call.verb);
    const { code, message, result } = answered(call, await this.deps.call(call));
    const reply = { code, message, result: frozen(result), ...(doneCodes.includes(code) ? { done: true as const } : {}) };
    this.#calls[ordinal] = { ...call, reply };
    return reply;
  }

  async #ask(host: string, verb: string, args: Args): Promise<Reply & { readonly incarnation: number }> {
    const { code, message, result, incarnation } = answered({ host, verb }, await this.deps.read(host, verb, args));
    return { code, message, result: frozen(result), incarnation };
  }

  #keep(ordinal: number, call: RecordedCall): void {
    while (this.#calls.length < ordinal) this.#calls.push(null);
    this.#calls[ordinal] = call;
  }
}

/** @throws CallUnknown nobody has answered, or the host took it for one of an attempt that is over */
function answered({ host, verb }: Pick<RecordedCall, 'host' | 'verb'>, answer: Answer) {
  if (answer.kind === 'timeout') throw new CallUnknown(verb, host, 'no answer in time');
  if (answer.reply.code === STALE) throw new CallUnknown(verb, host, answer.reply.message);
  return answer.reply;
}

/** @throws CallUnknown @throws CallFailed */
function resultOf({ host, verb }: Pick<RecordedCall, 'host' | 'verb'>, reply: Reply): Data {
  // The host has restarted: it may have run before that, and nobody remembers.
  if (reply.code === ANOTHER_INCARNATION) throw new CallUnknown(verb, host, reply.message);
  if (!wentWell(reply)) throw new CallFailed(verb, host, reply.code, reply.message);
  return reply.code === 0 ? reply.result : null;
}
