import type { Data } from '../../src/model/data.js';
import { byKey } from './order.js';
import { tableOf, type Table } from './table.js';
import { TrackedMap } from './tracked-map.js';

/** Where a running VM reads and writes one of its disks. A pivot changes this record, and nothing else says whether it has happened. */
export interface VmDisk {
  readonly domain: string;
  /** The active volume: the leaf that the guest writes to. */
  readonly volume: string;
  /** The domain that the guest's writes are mirrored to meanwhile. */
  readonly replication: string | null;
}

/** What a VM is meant to be, which outlives its host. */
export type DesiredState = 'up' | 'down' | 'suspended';

export interface Vm {
  readonly id: string;
  /** The host it runs on, or ran on last: HSM verbs about it work only there. */
  readonly host: string;
  readonly desired: DesiredState;
  /** That it has in use: none unless it is meant to be up. */
  readonly disks: ReadonlyMap<string, VmDisk>;
}

/** The VMs with what they have in use, and what each disk must hold. Values are replaced, never changed in place. */
export class VmDisks {
  readonly #vms = new TrackedMap<string, Vm>();
  readonly #written = new TrackedMap<string, readonly string[]>();

  add(id: string, host: string, desired: DesiredState = 'up'): void {
    this.#vms.set(id, { id, host, desired, disks: new Map() });
  }

  /** Another state of it, or the first of one that was not there. */
  put(vm: Vm): void {
    this.#vms.set(vm.id, vm);
  }

  find(vm: string): Vm | undefined {
    return this.#vms.get(vm);
  }

  all(): IterableIterator<Vm> {
    return this.#vms.values();
  }

  /** The VMs of this host that are meant to be up. */
  on(host: string): readonly Vm[] {
    return [...this.#vms.values()].filter((vm) => vm.host === host && vm.desired === 'up');
  }

  findDisk(vm: string, disk: string): VmDisk | undefined {
    return this.#vms.get(vm)?.disks.get(disk);
  }

  putDisk(vm: string, disk: string, state: VmDisk): void {
    const record = this.#vms.get(vm);
    if (record?.desired === 'up') this.#vms.set(vm, { ...record, disks: new Map(record.disks).set(disk, state) });
  }

  /** All that was ever written to the disk: its data is safe while one copy holds all of it. */
  dataOf(disk: string): readonly string[] {
    return this.#written.get(disk) ?? [];
  }

  wrote(disk: string, token: string): void {
    this.#written.set(disk, [...this.dataOf(disk), token]);
  }

  /** What is to be copied to a new disk, or saved there: all that it must hold from when it is in use. */
  mustHold(disk: string, data: readonly string[]): void {
    this.#written.set(disk, data);
  }

  tables(): readonly Table[] {
    return [tableOf('vm', this.#vms, toRow, fromRow), tableOf('written', this.#written, (tokens) => tokens, (row) => row as readonly string[])];
  }

  toData(): Data {
    const vms = byKey(this.#vms, ({ host, desired, disks }) => ({ host, desired, disks: byKey(disks, (disk) => ({ ...disk })) }));
    return { vms, data: byKey(this.#written, (tokens) => tokens) };
  }
}

function toRow({ id, host, desired, disks }: Vm): Data {
  return { id, host, desired, disks: [...disks].map(([disk, state]) => [disk, { ...state }]) };
}

function fromRow(row: Data): Vm {
  const { disks, ...vm } = row as Pick<Vm, 'id' | 'host' | 'desired'> & { readonly disks: readonly (readonly [string, VmDisk])[] };
  return { ...vm, disks: new Map(disks) };
}
