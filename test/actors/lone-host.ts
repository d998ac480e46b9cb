import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import type { NodePorts } from '../../actors/ports.js';
import type { Probe } from '../../actors/probe.js';
import type { StoragePort } from '../../actors/storage-port.js';
import type { SpmTerms } from '../../actors/host/spm-role.js';
import { createSpmHost, SPM_HOST_DEFAULTS, type HostMessage, type SpmHostConfig } from '../../actors/spm-host.js';
import type { Args, HostRequest, Stamp, StepRef, TaskStatus, WireEvent, WireReply, WireRequest } from '../../actors/wire.js';
import { Failures, type FailuresSpec } from '../../sim/faults/failures.js';
import { Bandwidth } from '../../sim/world/bandwidth.js';
import { SharedStorage } from '../../sim/world/shared-storage.js';
import { VERBS } from '../../sim/world/verbs/catalogue.js';
import { createVerbTable } from '../../sim/world/verbs/table.js';

export const SECOND = 1_000_000;
export const GIB = 2 ** 30;
export const STEP: StepRef = { commandId: 'c1', executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1 };

/** One VM with one disk on domain1; a second domain. */
export function smallWorld(): SharedStorage {
  const storage = new SharedStorage(VERBS);
  storage.addDomain('domain1');
  storage.addDomain('domain2');
  storage.addVm('vm1', 'host1');
  storage.addDisk({ disk: 'disk1', vm: 'vm1', domain: 'domain1', volumes: [{ id: 'base', parent: null, format: 'raw' }], sizeBytes: GIB });
  return storage;
}

/** Each part of a start or a stop takes this long. */
export const TERMS: SpmTerms = {
  leaseRenewal: 20 * SECOND,
  leaseExpiry: 140 * SECOND,
  leasePatience: 180 * SECOND,
  takes: (what) => ({ hostId: 25, start: 3, loading: 2, stop: 4 })[what] * SECOND,
};

/** Another has become SPM, as when the lease had expired. */
export function grantSpm(storage: SharedStorage, host: string, incarnation = 1): void {
  storage.takeLease('pool1', { host, incarnation }, storage.lease('pool1').expiresAt, TERMS.leaseExpiry);
}

export interface LoneHostOptions {
  readonly node?: string;
  readonly storage?: SharedStorage;
  readonly config?: Partial<SpmHostConfig>;
  readonly rules?: FailuresSpec['rules'];
  /** How long it takes to answer a submission. */
  readonly answerUs?: number;
  /** The storage as the host reaches it. */
  readonly reach?: StoragePort;
  /** Called whenever the host tells of something. */
  readonly told?: () => void;
}

/** A host with nothing around it but shared storage and a clock that is turned by hand. Every verb takes a second, and a roll-back half of one. `host1` begins as SPM, if it can. */
export class LoneHost {
  readonly storage: SharedStorage;
  readonly replies: WireReply[] = [];
  /** What it has told without being asked. */
  readonly events: WireEvent[] = [];
  readonly probes: Probe[] = [];
  #now = 0;
  #asked = 0;
  #timers: { readonly at: number; readonly wake: () => void }[] = [];
  /** Why it has ended itself. What is asked of it afterwards, only this rig asks. */
  readonly panics: string[] = [];
  readonly #receive: (request: WireRequest | WireReply) => void;

  constructor({ node = 'host1', storage = smallWorld(), config = {}, rules = [], answerUs = 0, reach = storage, told = () => undefined }: LoneHostOptions = {}) {
    this.storage = storage;
    const generator = xoroshiro128plus(1);
    let receive: ((message: WireRequest | WireReply) => void) | undefined;
    const ports: NodePorts = {
      node,
      now: () => this.#now,
      after: (delayUs, wake) => {
        const timer = { at: this.#now + delayUs, wake };
        this.#timers.push(timer);
        return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
      },
      send: (_to, message) => {
        if (message.kind === 'reply') this.replies.push(message);
        if (message.kind === 'event') this.events.push(message);
      },
      onReceive: (wake) => void (receive = wake),
      random: () => uniformFloat64(generator),
      probe: (event) => {
        this.probes.push(event);
        told();
      },
      fault: (error) => {
        throw error;
      },
    };
    const speeds = Object.fromEntries(VERBS.map(({ name }) => [name, { latency: { kind: 'constant' as const, value: SECOND }, answerLatency: { kind: 'constant' as const, value: answerUs }, rate: { kind: 'constant' as const, value: 1e15 } }]));
    const failures = new Failures({ rules, rates: {}, verbs: VERBS });
    const host = createSpmHost({
      ports,
      storage: reach,
      verbs: createVerbTable({ verbs: VERBS, content: storage.content, speeds, failures, bandwidth: new Bandwidth(new Map(), ports) }),
      config: { pool: 'pool1', incarnation: 1, ...SPM_HOST_DEFAULTS, recovering: 0, beginsAsSpm: node === 'host1', spm: TERMS, ...config },
      wake: (message: HostMessage) => host(message),
      panic: (why) => void this.panics.push(why),
    });
    this.#receive = (message) => receive?.(message);
  }

  /** Delivers a request and returns its correlation. */
  send(body: WireRequest['body'], stamp: Partial<Stamp> = {}): string {
    this.#asked += 1;
    const correlation = `q${this.#asked}`;
    this.#receive({ kind: 'request', correlation, from: 'engine', stamp: { incarnation: 1, commitSeq: 1, fence: null, ...stamp }, body });
    return correlation;
  }

  /** Delivers a message as it is. */
  deliver(message: WireRequest | WireReply): void {
    this.#receive(message);
  }

  replyTo(correlation: string): WireReply | undefined {
    return this.replies.find((reply) => reply.correlation === correlation);
  }

  /** Asks what is answered at once. */
  ask(body: HostRequest, stamp: Partial<Stamp> = {}): WireReply {
    const reply = this.replyTo(this.send(body, stamp));
    if (reply === undefined) throw new Error(`${body.op} was not answered`);
    return reply;
  }

  /** Moves the clock on, firing each timer at its time. */
  advance(us: number): void {
    const until = this.#now + us;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = next.at;
      next.wake();
    }
    this.#now = until;
  }

  submit(taskId: string | null, verb: string, args: Args): WireReply {
    return this.ask({ op: 'submitTask', pool: 'pool1', taskId, verb, args, step: STEP });
  }

  submitVolume(volume: string, taskId = volume, stamp: Partial<Stamp> = {}): WireReply {
    return this.ask(submitVolume(volume, taskId), stamp);
  }

  stop(taskId: string): number {
    return this.ask({ op: 'stopTask', pool: 'pool1', taskId }).code;
  }

  fence(taskId: string): WireReply {
    return this.ask({ op: 'fenceTask', pool: 'pool1', taskId });
  }

  revert(taskId: string): number {
    return this.ask({ op: 'revertTask', pool: 'pool1', taskId }).code;
  }

  clear(taskId: string): number {
    return this.ask({ op: 'clearTask', pool: 'pool1', taskId }).code;
  }

  status(taskId: string): TaskStatus | undefined {
    const { result } = this.ask({ op: 'getAllTasksStatuses', pool: 'pool1' }) as { result: { tasks?: readonly TaskStatus[] } | null } & WireReply;
    return result?.tasks?.find((task) => task.taskId === taskId);
  }
}

/** Creates a volume in an image of its own. */
export function submitVolume(volume: string, taskId: string | null = volume): HostRequest {
  return {
    op: 'submitTask',
    pool: 'pool1',
    taskId,
    verb: 'createVolume',
    args: { domain: 'domain1', disk: `disk-of-${volume}`, volume, parent: null, format: 'raw', sizeBytes: GIB },
    step: STEP,
  };
}
