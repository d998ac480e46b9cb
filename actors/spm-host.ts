import { done, refused, type Answer, type ReturnAddress } from './host/answer.js';
import { FenceTable } from './host/fence-table.js';
import { HsmCalls } from './host/hsm-calls.js';
import type { JobDone } from './host/job.js';
import { ALL_CHECKS, type HostChecks } from './host/own-task-ids.js';
import type { SpmRequest } from './host/spm-request.js';
import { SpmRole, type SpmTerms } from './host/spm-role.js';
import type { VerbTable } from './host/verb-table.js';
import type { NodePorts } from './ports.js';
import type { StoragePort } from './storage-port.js';
import { ANOTHER_INCARNATION, BAD_PARAMETER, RECOVERING, STALE, STORE_OLDER, UNKNOWN_POOL } from './wire.js';
import type { HostRequest, Stamp, WireMessage, WireRequest } from './wire.js';

/** What a host actor's mailbox holds. All but `received` and `setFree` it sends to itself, when a timer fires. */
export type HostMessage =
  | { readonly type: 'received'; readonly message: WireMessage }
  | ({ readonly type: 'jobDone' } & JobDone)
  /** An answer that took its time. */
  | { readonly type: 'answerDue'; readonly to: ReturnAddress; readonly answer: Answer }
  /** What its part in who is the SPM was waiting for has come. */
  | { readonly type: 'spmGoesOn'; readonly term: number }
  /** The lease of this generation is to be renewed. */
  | { readonly type: 'renewLease'; readonly generation: number }
  | { readonly type: 'callDone'; readonly n: number }
  /** What jobs hung upon, storage most likely, is there again. To be sent by whoever has seen to that. */
  | { readonly type: 'setFree' };

export interface SpmHostConfig extends HostChecks {
  /** The storage pool that the host belongs to. */
  readonly pool: string;
  /** Counts the starts of this host, from 1. Every reply carries it. */
  readonly incarnation: number;
  /** Tasks that run at once, at least 1. vdsm: 10. */
  readonly workers: number;
  /** Tasks that may wait for a worker. vdsm: 500. */
  readonly queueLimit: number;
  /** It has restarted in a simulation that goes on, and answers everything with 99 for so long, µs; 0: it is there at once. */
  readonly recovering: number;
  /** It is the SPM from its start on, if nobody else has the lease. */
  readonly beginsAsSpm: boolean;
  readonly spm: SpmTerms;
}

export const SPM_HOST_DEFAULTS = { workers: 10, queueLimit: 500, ...ALL_CHECKS } as const;

export interface SpmHostDeps {
  readonly ports: NodePorts;
  readonly storage: StoragePort;
  readonly verbs: VerbTable;
  readonly config: SpmHostConfig;
  /** Puts a message into this host's own mailbox, and does no more than that. */
  readonly wake: (message: HostMessage) => void;
  /** Ends this incarnation at once: what a host does that has lost its lease. A service manager starts the next. */
  readonly panic: (why: string) => void;
}

type PoolRequest = SpmRequest | Extract<HostRequest, { op: 'getSpmStatus' | 'startSpm' | 'stopSpm' }>;

/**
 * A storage host: runs SPM verbs as tasks while it holds the pool's SPM lease, and HSM verbs as calls. The behaviour of one incarnation, which registers itself as its
 * node's receiver.
 */
export function createSpmHost({ ports, storage, verbs, config, wake, panic }: SpmHostDeps): (message: HostMessage) => void {
  const { pool, incarnation, workers, queueLimit, clientTaskIds, spm: terms } = config;
  const fences = new FenceTable();
  const calls = new HsmCalls({ pool, ports, storage, verbs, reply, done: (n) => wake({ type: 'callDone', n }) });
  const readyAt = ports.now() + config.recovering;
  const role = new SpmRole({
    ports,
    storage,
    verbs,
    workers,
    queueLimit,
    clientTaskIds,
    pool,
    incarnation,
    terms,
    knownFrom: config.recovering === 0 ? readyAt : readyAt + terms.takes('hostId', ports.random('spm:hostId')),
    reply,
    panic,
    jobDone: (job) => wake({ type: 'jobDone', ...job }),
    goOn: (term) => wake({ type: 'spmGoesOn', term }),
    renew: (generation) => wake({ type: 'renewLease', generation }),
  });
  if (config.beginsAsSpm) role.begin();

  ports.onReceive((message) => wake({ type: 'received', message }));
  return (message) => {
    handle(message);
    role.check();
  };

  function handle(message: HostMessage): void {
    switch (message.type) {
      case 'received':
        // A host asks nobody anything, so a reply is not for it.
        return message.message.kind === 'request' ? receive(message.message) : undefined;
      case 'jobDone':
        return role.jobDone(message);
      case 'answerDue':
        return reply(message.to, message.answer);
      case 'setFree':
        return role.setFree();
      case 'spmGoesOn':
        return role.goOn(message.term);
      case 'renewLease':
        return role.renew(message.generation);
      case 'callDone':
        return calls.done(message.n);
    }
  }

  function receive({ from, correlation, stamp, sentAt, body }: WireRequest): void {
    if (isTooOld(sentAt)) return ports.probe({ type: 'messageTooOld', host: ports.node, from, op: body.op });
    const to: ReturnAddress = { node: from, correlation };
    const later = stamp === null ? null : storage.witness(stamp);
    if (later !== null) return reply(to, { code: STORE_OLDER, message: `commit ${later.commitSeq} of this store has been seen`, result: later });
    if (ports.now() < readyAt) return reply(to, refused(RECOVERING, `${ports.node} is recovering from a crash, or initializing`));
    switch (body.op) {
      case 'ping':
        return reply(to, done(null));
      case 'call':
        return call(body, stamp, to);
      case 'drainCalls':
        return drainCalls(body, stamp, to);
      case 'read':
        return read(body, stamp, to);
      case 'getSpmStatus':
      case 'submitTask':
      case 'getAllTasksStatuses':
      case 'getAllTasksInfo':
      case 'getTaskStatus':
      case 'getTaskInfo':
      case 'stopTask':
      case 'revertTask':
      case 'fenceTask':
      case 'clearTask':
      case 'startSpm':
      case 'stopSpm':
        return replyIfAny(to, poolRequest(body, stamp, to));
      case 'fenceHost':
        return reply(to, refused(BAD_PARAMETER, `'${body.op}' is for a fence agent; ${ports.node} is a host`));
      case 'submitCommand':
      case 'commandStatus':
      case 'cancelCommand':
      case 'operateCommand':
        return reply(to, refused(BAD_PARAMETER, `'${body.op}' is for an engine; ${ports.node} is a host`));
    }
  }

  /** @returns null: it is answered later */
  function poolRequest(request: PoolRequest, stamp: Stamp | null, to: ReturnAddress): Answer | null {
    if (request.pool !== pool) return refused(UNKNOWN_POOL, `${ports.node} does not belong to pool '${request.pool}'`);
    switch (request.op) {
      case 'getSpmStatus': {
        if (isStale(stamp)) return stale(stamp);
        const { owner, ownerIncarnation, generation, version } = storage.lease(pool);
        return done({ role: role.role, spmId: owner, ownerIncarnation, leaseGeneration: generation, leaseVersion: version });
      }
      case 'startSpm':
        return isStale(stamp) ? stale(stamp) : role.start({ spmId: request.prevId, leaseVersion: request.prevVersion });
      case 'stopSpm':
        return isStale(stamp) ? stale(stamp) : role.stop(request.generation, to);
      default:
        return role.answer(request, stamp, to, stale, (answer, us) => answerLater(to, answer, us));
    }
  }

  function call(request: Extract<HostRequest, { op: 'call' }>, stamp: Stamp | null, to: ReturnAddress): void {
    const { hostIncarnation, key, verb, args, step } = request;
    if (hostIncarnation !== null && hostIncarnation !== config.incarnation) return reply(to, anotherIncarnation(hostIncarnation));
    if (isStale(stamp)) return reply(to, stale(stamp));
    calls.receive({ key, verb, args, step }, to);
  }

  function drainCalls({ hostIncarnation }: Extract<HostRequest, { op: 'drainCalls' }>, stamp: Stamp | null, to: ReturnAddress): void {
    const commandId = stamp?.fence?.commandId;
    if (commandId === undefined) return reply(to, refused(BAD_PARAMETER, 'drainCalls: the stamp names no command'));
    if (hostIncarnation !== config.incarnation) return reply(to, anotherIncarnation(hostIncarnation));
    if (isStale(stamp)) return reply(to, stale(stamp));
    calls.drain(commandId, to);
  }

  function anotherIncarnation(meant: number): Answer {
    return refused(ANOTHER_INCARNATION, `meant for incarnation ${meant} of ${ports.node}; this is ${config.incarnation}`);
  }

  function read({ verb, args }: Extract<HostRequest, { op: 'read' }>, stamp: Stamp | null, to: ReturnAddress): void {
    if (isStale(stamp)) return reply(to, stale(stamp));
    calls.read(verb, args, stamp?.fence?.commandId ?? null, to);
  }

  function isTooOld(sentAt: number | undefined): boolean {
    return config.maxMessageAgeUs !== null && sentAt !== undefined && ports.now() - sentAt > config.maxMessageAgeUs;
  }

  /** What is no task of the SPM is checked against what this incarnation has seen itself. */
  function isStale(stamp: Stamp | null): boolean {
    return stamp !== null && !fences.admit(stamp);
  }

  function stale(stamp: Stamp | null): Answer {
    ports.probe({ type: 'staleRefused', host: ports.node, commandId: stamp?.fence?.commandId ?? null });
    return refused(STALE, 'a newer incarnation or fence number has been seen');
  }

  function answerLater(to: ReturnAddress, answer: Answer, us: number): null {
    ports.after(us, () => wake({ type: 'answerDue', to, answer }));
    return null;
  }

  function replyIfAny(to: ReturnAddress, answer: Answer | null): void {
    if (answer !== null) reply(to, answer);
  }

  function reply(to: ReturnAddress, answer: Answer): void {
    ports.send(to.node, { kind: 'reply', correlation: to.correlation, from: ports.node, incarnation: config.incarnation, ...answer });
  }
}
