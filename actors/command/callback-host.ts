import type { CommandState } from '../../src/flow/state.js';
import { sameData } from '../../src/model/data.js';
import { SeatbeltError } from '../../src/model/errors.js';
import type { ChildItem } from '../../src/flow/state.js';
import type { EngineContext } from '../engine-context.js';
import type { Answer } from '../exchange.js';
import { STALE, type Args, type HostRequest, type StepRef } from '../wire.js';
import type { TaskRequest } from '../../src/model/task.js';
import type { RecordedCall } from '../../src/store/call-record.js';
import { checkedTask } from './checked.js';

/** The most ancestors that a command may have. */
const MAX_ANCESTORS = 32;

/**
 * How a callback's promises are kept: each is resolved by a message to the command actor, so that the callback goes on within one of the actor's turns,
 * and never after its incarnation has died.
 */
export class CallbackHost {
  constructor(
    private readonly context: EngineContext,
    private readonly commandId: string,
    private readonly resolveInTurn: (resolve: () => void) => void,
  ) {}

  /** The host's incarnation, asked for if it has not been heard of yet; null if it does not answer. */
  async incarnationOf(host: string): Promise<number | null> {
    const known = this.context.exchange.hostIncarnation(host);
    if (known !== null) return known;
    await this.#request(host, { op: 'ping' });
    return this.context.exchange.hostIncarnation(host);
  }

  call({ host, key, verb, args, hostIncarnation }: RecordedCall, step: Omit<StepRef, 'commandId'>, isVoid: () => boolean): Promise<Answer> {
    return this.#requestUnderFence(host, { op: 'call', key, verb, args, step: { commandId: this.commandId, ...step }, hostIncarnation }, isVoid);
  }

  read(host: string, verb: string, args: Args, isVoid: () => boolean): Promise<Answer> {
    return this.#requestUnderFence(host, { op: 'read', verb, args }, isVoid);
  }

  /** Whether none of the command's calls that an incarnation of a host was sent can take effect any more; false: that was not answered in time. */
  async drain(host: string, hostIncarnation: number): Promise<boolean> {
    const answer = await this.#request(host, { op: 'drainCalls', hostIncarnation });
    return answer.kind === 'reply' && (answer.reply.code === 0 || answer.reply.incarnation !== hostIncarnation);
  }

  /**
   * What no pool of this program's can run is refused before anything is committed: who has it on disk has known its pool.
   * @throws SeatbeltError `BAD_TASK`, `NOT_PLAIN_DATA`
   */
  admitTask(request: TaskRequest): TaskRequest {
    const task = checkedTask(request);
    if (!this.context.pools.has(task.pool)) throw new SeatbeltError('BAD_TASK', `task.pool: there is no storage pool '${task.pool}'`);
    return task;
  }

  /**
   * A child's params, checked, and what it will lock.
   * @param ancestors the commands that the child would descend from, the one that starts it first
   * @throws SeatbeltError `UNKNOWN_COMMAND_TYPE`, `BAD_PARAMS`, `BAD_DEFINITION`, `CHILD_CYCLE`
   */
  admitChild(type: string, params: unknown, ancestors: readonly CommandState[]): Pick<ChildItem, 'params' | 'locks'> {
    const definition = this.context.definitions.get(type);
    if (definition === undefined) throw new SeatbeltError('UNKNOWN_COMMAND_TYPE', `startChild: there is no command type '${type}'`);
    const parsed = definition.parseParams(params);
    const same = ancestors.find((ancestor) => ancestor.type === type && sameData(ancestor.params, parsed));
    if (same !== undefined) throw new SeatbeltError('CHILD_CYCLE', `startChild: ${type} with these params would descend from ${same.id}, which is the same`);
    if (ancestors.length > MAX_ANCESTORS) throw new SeatbeltError('CHILD_CYCLE', `startChild: ${type} would have ${ancestors.length} ancestors; ${MAX_ANCESTORS} are allowed`);
    return { params: parsed, locks: definition.locks(parsed) };
  }

  /**
   * The fence number that it left with may be over before it arrives, though nothing of this run was given up: it is the command's, and a task beside may
   * have had an attempt that is over. Then it is sent again, unless the run is void.
   */
  async #requestUnderFence(host: string, body: HostRequest, isVoid: () => boolean): Promise<Answer> {
    const fence = this.context.fences.get(this.commandId);
    const answer = await this.#request(host, body);
    const isStale = answer.kind === 'reply' && answer.reply.code === STALE;
    const now = this.context.fences.get(this.commandId);
    // Of a command that is over, there is no number.
    return isStale && !isVoid() && now !== null && now !== fence ? this.#requestUnderFence(host, body, isVoid) : answer;
  }

  #request(host: string, body: HostRequest): Promise<Answer> {
    const { exchange, settings } = this.context;
    return new Promise((resolve) => {
      exchange.request(host, this.context.stamp(this.commandId), body, settings.callTimeoutMs, (answer) => this.resolveInTurn(() => resolve(answer)));
    });
  }
}
