import type { Probe } from '../../actors/probe.js';
import type { EngineSettings } from '../../actors/settings.js';
import type { WireMessage } from '../../actors/wire.js';
import { QUEUE_FULL } from '../../actors/wire.js';
import { withCleanUps } from '../../src/flow/clean-up.js';
import type { CommandState } from '../../src/flow/state.js';
import { rootIdOf } from '../../src/store/keys.js';
import type { Changed } from './store-mirror.js';

/** How patient engine and storage are by their settings, µs each. */
export interface Limits {
  readonly unknownGrace: number;
  readonly leaseExpiry: number;
  readonly pollingRate: number;
  /** The longer one of the time-outs of calls and of other requests. */
  readonly requestTimeout: number;
  /** Before a silent SPM is fenced. */
  readonly fenceGrace: number;
  readonly maxMessageAge: number;
}

/** @param leaseExpiry how long the lease of a holder that is silent is still its own, µs. Default: sanlock's */
export function limitsOf({ unknownGraceMs, pollingRateMs, callTimeoutMs, requestTimeoutMs, maxMessageAgeMs, fenceGraceMs }: EngineSettings, leaseExpiry = 140_000_000): Limits {
  return {
    unknownGrace: unknownGraceMs * 1000,
    leaseExpiry,
    pollingRate: pollingRateMs * 1000,
    requestTimeout: Math.max(callTimeoutMs, requestTimeoutMs) * 1000,
    fenceGrace: fenceGraceMs * 1000,
    maxMessageAge: maxMessageAgeMs * 1000,
  };
}

/** What a family may take from when nothing fails any more, µs: the sum of the others. */
export interface Bound {
  readonly total: number;
  /** Twice what hosts have taken for its tasks and requests, with all grace that there is: the formula of the specification. */
  readonly formula: number;
  /** A request whose answer was lost before: one time-out. And the grace before a silent SPM is fenced. */
  readonly lost: number;
  /** Committed back-offs. */
  readonly backOffs: number;
  /** Waiting of its children for locks that others held. */
  readonly locks: number;
  /** The end of a task is seen at the next poll: one for each. */
  readonly polls: number;
  /** On hosts that make their own task ids, a submission without an answer, or a task that is gone: the time-out, and the waits before its handler is asked. */
  readonly unresolved: number;
  /** What hosts have taken for the tasks of others, where a full queue made it wait behind them. */
  readonly others: number;
}

/** The command that has taken the largest share of what it may take, from when it had its locks and nothing failed any more. */
export interface Longest {
  readonly commandId: string;
  readonly tookUs: number;
  readonly boundUs: Bound;
}

interface Account {
  /** µs that hosts have taken. */
  hosts: number;
  backOffs: number;
  locks: number;
  tasks: number;
  unresolved: number;
}

/**
 * How long each command with its children may take, by what the world has drawn for it and by nothing that the engine says of itself: how long hosts have taken
 * for its tasks and for the answers to its requests, and the waits that it has committed to.
 */
export class Patience {
  readonly #accounts = new Map<string, Account>();
  /** Accepted tasks that are not over, and since when. */
  readonly #jobs = new Map<string, { readonly rootId: string; readonly since: number }>();
  /** By task, whose it is. */
  readonly #owners = new Map<string, string>();
  /** By correlation, requests that have arrived and are not answered. */
  readonly #requests = new Map<string, { readonly rootId: string; readonly since: number }>();
  #allJobs = 0;
  #queueWasFull = false;

  constructor(
    private readonly limits: Limits,
    private readonly now: () => number,
  ) {}

  boundOf(rootId: string): Bound {
    const { hosts, backOffs, locks, tasks, unresolved } = this.#account(rootId);
    const { unknownGrace, leaseExpiry, pollingRate, requestTimeout, fenceGrace, maxMessageAge } = this.limits;
    const parts = {
      formula: 2 * (hosts + unknownGrace + leaseExpiry + 10 * pollingRate),
      lost: requestTimeout + fenceGrace,
      backOffs,
      locks,
      polls: tasks * pollingRate,
      unresolved: unresolved * (requestTimeout + maxMessageAge + unknownGrace + 3 * pollingRate),
      others: this.#queueWasFull ? this.#allJobs : 0,
    };
    return { total: Object.values(parts).reduce((sum, part) => sum + part, 0), ...parts };
  }

  /** Faults were in force until now: what was taken so far does not count. */
  beginAnew(): void {
    const now = this.now();
    this.#accounts.clear();
    this.#allJobs = 0;
    this.#queueWasFull = false;
    for (const open of [this.#jobs, this.#requests]) for (const [key, { rootId }] of open) open.set(key, { rootId, since: now });
  }

  /** Nothing more is asked of it. */
  forget(rootId: string): void {
    this.#accounts.delete(rootId);
  }

  placed(taskId: string, commandId: string): void {
    this.#owners.set(taskId, rootIdOf(commandId));
  }

  probe(probe: Probe): void {
    switch (probe.type) {
      case 'hostTaskAccepted': {
        const rootId = this.#owners.get(probe.task ?? probe.taskId);
        if (rootId !== undefined && !this.#jobs.has(probe.taskId)) this.#jobs.set(probe.taskId, { rootId, since: this.now() });
        return;
      }
      case 'hostTaskEnded':
      case 'hostTaskLost': {
        const took = this.#taken(this.#jobs, probe.taskId);
        if (took === null) return;
        this.#allJobs += took.us;
        this.#account(took.rootId).hosts += took.us;
        this.#account(took.rootId).tasks += 1;
        return;
      }
      case 'taskUnresolved': {
        const rootId = this.#owners.get(probe.taskId);
        if (rootId !== undefined) this.#account(rootId).unresolved += 1;
        return;
      }
      case 'taskCleared':
        this.#owners.delete(probe.taskId);
        return;
      default:
    }
  }

  message(message: WireMessage): void {
    if (message.kind === 'request') {
      const commandId = message.stamp?.fence?.commandId;
      if (commandId !== undefined) this.#requests.set(message.correlation, { rootId: rootIdOf(commandId), since: this.now() });
      return;
    }
    if (message.kind === 'event') return;
    if (message.code === QUEUE_FULL) this.#queueWasFull = true;
    const took = this.#taken(this.#requests, message.correlation);
    if (took !== null) this.#account(took.rootId).hosts += took.us;
  }

  command({ before, after }: Changed<CommandState>): void {
    if (after === undefined) return;
    const account = this.#account(after.rootId);
    if (after.parent !== null && before?.status === 'SUBMITTED' && after.status === 'RUNNING') account.locks += this.now() - after.submittedAt;
    const due = dueTimes(after);
    if (due.length === 0) return;
    const known = before === undefined ? [] : dueTimes(before);
    for (const time of due) if (time > this.now() && !known.includes(time)) account.backOffs += time - this.now();
  }

  #taken(open: Map<string, { readonly rootId: string; readonly since: number }>, key: string): { readonly rootId: string; readonly us: number } | null {
    const found = open.get(key);
    if (found === undefined) return null;
    open.delete(key);
    return { rootId: found.rootId, us: this.now() - found.since };
  }

  #account(rootId: string): Account {
    const known = this.#accounts.get(rootId);
    if (known !== undefined) return known;
    const account = { hosts: 0, backOffs: 0, locks: 0, tasks: 0, unresolved: 0 };
    this.#accounts.set(rootId, account);
    return account;
  }
}

/** When back-offs of the current step end, µs. */
function dueTimes({ phase, steps, executionIndex }: CommandState): readonly number[] {
  const step = steps[executionIndex];
  const times = phase.at === 'callback' ? [phase.notBefore] : [];
  if (step === undefined || phase.at !== 'work') return times.filter((time) => time !== null);
  const items = [...step.work, ...step.revertWork].flatMap((item) => (item.kind === 'task' ? withCleanUps(item) : []));
  return [...times, ...items.flatMap(({ notBefore, cleanUp }) => [notBefore, cleanUp?.at === 'callback' ? cleanUp.notBefore : null])].filter((time) => time !== null);
}
