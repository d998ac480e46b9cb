import { DEFAULT_ENGINE_SETTINGS } from '../../../actors/settings.js';
import { limitsOf, type Limits } from '../../../sim/invariants/patience.js';
import type { Probe } from '../../../actors/probe.js';
import type { Nodes } from '../../../sim/invariants/faults-in-force.js';
import type { Invariant, Violation } from '../../../sim/invariants/invariant.js';
import { INVARIANTS, Monitor } from '../../../sim/invariants/monitor.js';
import { SharedStorage } from '../../../sim/world/shared-storage.js';
import { VERBS } from '../../../sim/world/verbs/catalogue.js';
import type { Args, SeenCommits, StepRef } from '../../../actors/wire.js';
import type { CommandDefinition } from '../../../src/model/command.js';
import { stageChanges, type Change } from '../../../src/store/change.js';
import type { DiskOp } from '../../../src/store/disk.js';
import { entityRecordKey, HEAD_KEY } from '../../../src/store/keys.js';
import { encodeRecord, FIRST_HEAD } from '../../../src/store/records.js';
import { performWhole } from '../world/whole-verb.js';

const GIB = 2 ** 30;
export const POOL = 'pool1';
export const HOST = 'host1';

/** The disk `d1` of `vm1` on domain `hdd`, as the engine knows it when nothing has happened yet. */
export const DISK_D1 = { id: 'd1', vm: 'vm1', domain: 'hdd', volumes: [{ id: 'd1-base', parent: null, format: 'raw' }], size: GIB, status: 'OK' };

/** Its VM, which is up. */
export const VM_VM1 = { id: 'vm1', host: HOST, state: 'up', disks: ['d1'] };

/** A monitor over a store and a storage whose every change the test makes itself. Each is one µs after the last. */
export class Watched {
  readonly storage = new SharedStorage(VERBS);
  readonly violations: Violation[] = [];
  readonly monitor: Monitor;
  #t = 0;
  #commitSeq = 0;

  constructor(
    readonly definitions: readonly CommandDefinition[],
    invariants: readonly Invariant[] = INVARIANTS,
    lost: SeenCommits | null = null,
    limits: Partial<Limits> = { unknownGrace: 86_400_000_000 },
    nodes?: Nodes,
  ) {
    for (const domain of ['hdd', 'ssd']) this.storage.addDomain(domain);
    this.storage.addVm('vm1', HOST);
    this.storage.addDisk({ disk: 'd1', vm: 'vm1', domain: 'hdd', volumes: [{ id: 'd1-base', parent: null, format: 'raw' }], sizeBytes: GIB });
    this.storage.takeLease(POOL, { host: HOST, incarnation: 1 }, 0, 140_000_000);
    this.monitor = new Monitor(
      {
        definitions: new Map(definitions.map((definition) => [definition.type, definition])),
        pools: [POOL],
        storage: this.storage,
        store: [
          { key: entityRecordKey('disk/d1'), value: encodeRecord('entity', { version: 1, value: DISK_D1 }) },
          { key: entityRecordKey('vm/vm1'), value: encodeRecord('entity', { version: 1, value: VM_VM1 }) },
          { key: HEAD_KEY, value: encodeRecord('head', { ...FIRST_HEAD, incarnation: 1 }) },
        ],
        // A test may let a back-off pass by one jump of the clock.
        limits: { ...limitsOf(DEFAULT_ENGINE_SETTINGS), ...limits },
        lost,
        ...(nodes === undefined ? {} : { nodes }),
        now: 0,
        report: (violation) => this.violations.push(violation),
      },
      invariants,
    );
  }

  get now(): number {
    return this.#t;
  }

  tick(): number {
    this.#t += 1;
    return this.#t;
  }

  /** @param us how much later it is */
  advance(us: number): void {
    this.#t += us;
  }

  /** What is broken, as `invariant where: detail`. */
  get broken(): readonly string[] {
    return this.violations.map(({ invariant, where, detail }) => `${invariant} ${where}: ${detail}`);
  }

  /** One batch, as the engine would write it. */
  commit(...changes: readonly Change[]): void {
    this.#commitSeq += 1;
    this.write([...opsOf(changes), headOp(this.#commitSeq)]);
  }

  /** One batch, whatever is in it. */
  write(ops: readonly DiskOp[]): void {
    this.monitor.batch(this.tick(), ops);
  }

  probe(probe: Probe): void {
    this.monitor.probe(this.tick(), probe);
  }

  /** A host runs a verb for a step. */
  perform(key: string, verb: string, args: Args, step: Pick<StepRef, 'commandId' | 'executionIndex'>): void {
    performWhole(this.storage, { key, verb, args, step: { reason: 'REGULAR_FLOW', attempt: 1, ...step }, host: HOST, hold: null });
    this.probe({ type: 'hostCall', host: HOST, key, verb, code: 0, repeated: false });
  }

  rest(): void {
    this.monitor.rest(this.tick(), null);
  }
}

export function opsOf(changes: readonly Change[]): readonly DiskOp[] {
  return stageChanges(changes, { has: () => false, lastHistory: () => -1 }).ops;
}

export function headOp(commitSeq: number, incarnation = 1, epoch = 0, refused: SeenCommits | null = null): DiskOp {
  return { type: 'put', key: HEAD_KEY, value: encodeRecord('head', { ...FIRST_HEAD, commitSeq, incarnation, epoch, refused }) };
}
