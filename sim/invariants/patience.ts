import type { Probe } from '../../actors/probe.js';
import type { EngineSettings } from '../../actors/settings.js';
import type { WireMessage } from '../../actors/wire.js';
import { QUEUE_FULL } from '../../actors/wire.js';
import { withCleanUps } from '../../src/flow/clean-up.js';
import { isHeld, isTerminal, type CommandState } from '../../src/flow/state.js';
import type { SpmAsyncTask } from '../../src/model/task.js';
import { rootIdOf } from '../../src/store/keys.js';
import type { Changed } from './store-mirror.js';

const FENCE_AGENT = 'fence-agent';

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
  /** A request whose answer was lost before, and each of its own that was lost by chance or by a rule since: one time-out. And the grace before a silent SPM is fenced. */
  readonly lost: number;
  /** What was lost meanwhile and is nobody's in particular, such as lists of tasks: a time-out and a poll for each. And how much messages were delayed on purpose. */
  readonly network: number;
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

/** What of a root command with its family is counted since the time of all began anew. */
interface Account {
  epoch: number;
  /** µs that hosts have taken. */
  hosts: number;
  backOffs: number;
  locks: number;
  tasks: number;
  unresolved: number;
  /** Messages. */
  lost: number;
  late: number;
  /** What {@link Patience} had counted for all when this began. */
  network: number;
  readonly open: Open;
}

/** What is under way: since when, µs. It goes on when the time begins anew. */
interface Open {
  /** By the ids that hosts know them by. */
  readonly jobs: Map<string, number>;
  /** By correlation, requests that have arrived and are not answered. */
  readonly requests: Map<string, number>;
  /** Children that wait for their locks. */
  readonly waiting: Map<string, number>;
}

const NONE = { hosts: 0, backOffs: 0, locks: 0, tasks: 0, unresolved: 0, lost: 0, late: 0 };

/**
 * How long each command with its children may take, by what the world has drawn for it and by nothing that the engine says of itself: how long hosts have taken
 * for its tasks and for the answers to its requests, and the waits that it has committed to. Of a command that is over nothing is kept.
 */
export class Patience {
  readonly #accounts = new Map<string, Account>();
  /** By task, whose it is. */
  readonly #owners = new Map<string, string>();
  /** Whose each job is, and which host has it. */
  readonly #jobs = new Map<string, { readonly rootId: string; readonly host: string }>();
  /** By correlation, whose it is. */
  readonly #requests = new Map<string, string>();
  #epoch = { n: 0, from: 0, network: 0 };
  #allJobs = 0;
  #network = 0;
  #waitsForAll = false;

  constructor(
    private readonly limits: Limits,
    private readonly now: () => number,
  ) {}

  /** How many things are kept: of what is over, none. */
  get size(): number {
    return this.#accounts.size + this.#owners.size + this.#jobs.size + this.#requests.size;
  }

  /** No bound is shorter, µs. */
  get leastBound(): number {
    const { unknownGrace, leaseExpiry, pollingRate, requestTimeout, fenceGrace } = this.limits;
    return 2 * (unknownGrace + leaseExpiry + 10 * pollingRate) + requestTimeout + fenceGrace;
  }

  boundOf(rootId: string): Bound {
    const { hosts, backOffs, locks, tasks, unresolved, lost, late, network, open } = this.#account(rootId);
    const { unknownGrace, leaseExpiry, pollingRate, requestTimeout, fenceGrace, maxMessageAge } = this.limits;
    // Whoever has not answered within the time-out never will, and nobody waits for that.
    const soFar = (since: Map<string, number>, most = Infinity): number => [...since.values()].reduce((sum, from) => sum + Math.min(most, this.#since(from)), 0);
    const parts = {
      formula: 2 * (hosts + soFar(open.jobs) + soFar(open.requests, requestTimeout) + unknownGrace + leaseExpiry + 10 * pollingRate),
      lost: (1 + lost) * requestTimeout + fenceGrace,
      network: late + this.#network - network,
      backOffs,
      locks: locks + soFar(open.waiting),
      polls: (tasks + open.jobs.size) * pollingRate,
      unresolved: unresolved * (requestTimeout + maxMessageAge + unknownGrace + 3 * pollingRate),
      others: this.#waitsForAll ? this.#allJobs + this.#openJobs() : 0,
    };
    return { total: Object.values(parts).reduce((sum, part) => sum + part, 0), ...parts };
  }

  /** Faults were in force until now: what was taken so far does not count. Takes no longer the more commands there are. */
  beginAnew(): void {
    this.#epoch = { n: this.#epoch.n + 1, from: this.now(), network: this.#network };
    this.#allJobs = 0;
    this.#waitsForAll = false;
  }

  /** Nothing more is asked of it. */
  forget(rootId: string): void {
    const account = this.#accounts.get(rootId);
    this.#accounts.delete(rootId);
    for (const correlation of account?.open.requests.keys() ?? []) this.#requests.delete(correlation);
    for (const job of account?.open.jobs.keys() ?? []) this.#jobs.delete(job);
  }

  /** What a task is called by the engine, from when it has a record until it has none. */
  task({ before, after }: Changed<SpmAsyncTask>): void {
    if (after !== undefined) this.#owners.set(after.id, rootIdOf(after.commandId));
    else if (before !== undefined) this.#owners.delete(before.id);
  }

  probe(probe: Probe): void {
    switch (probe.type) {
      case 'hostTaskAccepted': {
        const rootId = this.#owners.get(probe.task ?? probe.taskId);
        const account = rootId === undefined ? undefined : this.#accounts.get(rootId);
        if (rootId === undefined || account === undefined || account.open.jobs.has(probe.taskId)) return;
        account.open.jobs.set(probe.taskId, this.now());
        this.#jobs.set(probe.taskId, { rootId, host: probe.host });
        return;
      }
      case 'hostTaskEnded':
      case 'hostTaskLost':
        return this.#jobOver(probe.taskId);
      // Nobody works on them: it is for the engine to see to another SPM, who takes them over.
      case 'hostCrashed':
        for (const [job, { host }] of [...this.#jobs]) if (host === probe.host) this.#jobOver(job);
        return;
      case 'hostHung':
        for (const [job, { rootId, host }] of this.#jobs) if (host === probe.host) this.#account(rootId).open.jobs.set(job, this.now() + probe.us);
        return;
      case 'taskUnresolved': {
        const rootId = this.#owners.get(probe.taskId);
        if (rootId !== undefined) this.#account(rootId).unresolved += 1;
        // What became of it is asked when all tasks of its verb are over, whosever they are.
        this.#waitsForAll = true;
        return;
      }
      case 'messageLost':
        return probe.why === 'loss' || probe.why === 'dropMessage' ? this.#lost(this.#ownerOf(probe)) : undefined;
      case 'messageTooOld':
        return this.#lost(undefined);
      case 'messageDelayed': {
        const owner = this.#ownerOf(probe);
        if (owner === undefined) this.#network += probe.byUs;
        else owner.late += probe.byUs;
        return;
      }
      default:
    }
  }

  message(message: WireMessage): void {
    switch (message.kind) {
      case 'request': {
        const commandId = message.stamp?.fence?.commandId;
        const rootId = commandId === undefined ? undefined : rootIdOf(commandId);
        const account = rootId === undefined ? undefined : this.#accounts.get(rootId);
        if (rootId === undefined || account === undefined) return;
        account.open.requests.set(message.correlation, this.now());
        this.#requests.set(message.correlation, rootId);
        return;
      }
      case 'reply': {
        if (message.code === QUEUE_FULL) this.#waitsForAll = true;
        // As if its word had been lost: the engine tries again.
        if (message.from === FENCE_AGENT && message.code !== 0) this.#lost(undefined);
        const rootId = this.#requests.get(message.correlation);
        if (rootId === undefined) return;
        this.#requests.delete(message.correlation);
        const account = this.#account(rootId);
        account.hosts += this.#taken(account.open.requests, message.correlation);
        return;
      }
      case 'event':
    }
  }

  command({ before, after }: Changed<CommandState>): void {
    if (after === undefined) return;
    if (after.parent === null && (isTerminal(after.status) || isHeld(after.status))) return this.forget(after.rootId);
    if (after.parent === null && !this.#accounts.has(after.rootId)) this.#accounts.set(after.rootId, this.#begun());
    const account = this.#account(after.rootId);
    if (after.parent !== null) {
      if (after.status === 'SUBMITTED') account.open.waiting.set(after.id, after.submittedAt);
      else if (account.open.waiting.delete(after.id)) account.locks += this.now() - after.submittedAt;
    }
    const due = dueTimes(after);
    if (due.length === 0) return;
    const known = before === undefined ? [] : dueTimes(before);
    for (const time of due) if (time > this.now() && !known.includes(time)) account.backOffs += time - this.now();
  }

  #jobOver(job: string): void {
    const known = this.#jobs.get(job);
    if (known === undefined) return;
    this.#jobs.delete(job);
    const account = this.#account(known.rootId);
    const us = this.#taken(account.open.jobs, job);
    this.#allJobs += us;
    account.hosts += us;
    account.tasks += 1;
  }

  #lost(account: Account | undefined): void {
    if (account === undefined) this.#network += this.limits.requestTimeout + this.limits.pollingRate;
    else account.lost += 1;
  }

  /** On whose behalf the message was: undefined, if nobody's, or it is over. */
  #ownerOf({ commandId, correlation }: Extract<Probe, { type: 'messageLost' | 'messageDelayed' }>): Account | undefined {
    const rootId = commandId === undefined ? this.#requests.get(correlation ?? '') : rootIdOf(commandId);
    return rootId !== undefined && this.#accounts.has(rootId) ? this.#account(rootId) : undefined;
  }

  #taken(open: Map<string, number>, key: string): number {
    const from = open.get(key);
    open.delete(key);
    return from === undefined ? 0 : this.#since(from);
  }

  #openJobs(): number {
    let sum = 0;
    for (const { open } of this.#accounts.values()) for (const from of open.jobs.values()) sum += this.#since(from);
    return sum;
  }

  #since(from: number): number {
    return Math.max(0, this.now() - Math.max(from, this.#epoch.from));
  }

  #account(rootId: string): Account {
    const account = this.#accounts.get(rootId) ?? this.#begun();
    if (account.epoch !== this.#epoch.n) Object.assign(account, NONE, { epoch: this.#epoch.n, network: this.#epoch.network });
    return account;
  }

  #begun(): Account {
    return { ...NONE, epoch: this.#epoch.n, network: this.#network, open: { jobs: new Map(), requests: new Map(), waiting: new Map() } };
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
