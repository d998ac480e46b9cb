import type { Work, WorkResult } from '../../../actors/storage-port.js';
import type { Args } from '../../../actors/wire.js';
import { SharedStorage } from '../../../sim/world/shared-storage.js';
import { VERBS } from '../../../sim/world/verbs/catalogue.js';
import { performWhole } from './whole-verb.js';

export const GIB = 2 ** 30;

/** Shared storage with vm1 on host1, whose disk1 lies on domain1; and short ways to run verbs on it. */
export class AWorld {
  readonly storage = new SharedStorage(VERBS);
  #keys = 0;

  constructor() {
    this.storage.addDomain('domain1');
    this.storage.addDomain('domain2');
    this.storage.addVm('vm1', 'host1');
    this.storage.addDisk({ disk: 'disk1', vm: 'vm1', domain: 'domain1', volumes: [{ id: 'base', parent: null, format: 'raw' }], sizeBytes: GIB });
  }

  work(verb: string, args: Args, commandId = 'c1', host = 'host1'): Work {
    this.#keys += 1;
    return { key: `k${this.#keys}`, verb, args, step: { commandId, executionIndex: 0, reason: 'REGULAR_FLOW', attempt: 1 }, host, hold: null };
  }

  /** The verb's code, 0 for success. */
  run(verb: string, args: Args, commandId = 'c1', host = 'host1'): number {
    return codeOf(performWhole(this.storage, this.work(verb, args, commandId, host)));
  }

  createVolume(volume: string, parent: string | null, domain = 'domain1', disk = 'disk1'): number {
    return this.run('createVolume', { domain, disk, volume, parent, format: 'cow', sizeBytes: GIB });
  }

  snapshot(volume: string): number {
    return this.run('snapshot', { vm: 'vm1', snapshot: `snap-${volume}`, disks: [{ disk: 'disk1', volume }] });
  }

  clone(): number {
    return this.run('cloneImageStructure', { disk: 'disk1', source: 'domain1', target: 'domain2' });
  }

  sync(): number {
    return this.run('syncImageData', { disk: 'disk1', source: 'domain1', target: 'domain2' });
  }

  replicate(target = 'domain2'): number {
    return this.run('diskReplicateStart', { vm: 'vm1', disk: 'disk1', target });
  }

  finish(target: string): number {
    return this.run('diskReplicateFinish', { vm: 'vm1', disk: 'disk1', target });
  }

  deleteImage(domain: string): number {
    return this.run('deleteImage', { domain, disk: 'disk1' });
  }

  /** Where the VM runs its disk. */
  get active(): unknown {
    const outcome = this.storage.read('getVmDisk', { vm: 'vm1', disk: 'disk1' }, 'host1');
    return outcome.ok ? outcome.result : outcome.code;
  }

  get copies(): readonly string[] {
    return this.storage.legalCopies('disk1');
  }

  /** `+image:domain2/disk1` and so on: what the ledger leaves open for a command. */
  open(commandId = 'c1'): readonly string[] {
    return this.storage.ledger.openEffects(commandId).map(({ sign, object }) => sign + object);
  }
}

export function codeOf(outcome: WorkResult): number {
  return outcome.ok ? 0 : outcome.code;
}
