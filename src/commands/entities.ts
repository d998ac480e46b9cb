import { entityKind, type EntityView } from '../model/entity.js';

// The engine's records of what is on storage.

/** One layer of a disk. The first of the chain is the base, the last the one that is written to. */
export type VolumeRecord = {
  readonly id: string;
  readonly parent: string | null;
  readonly format: 'raw' | 'cow';
  /** The snapshot that it belongs to: since that was taken, nobody writes to it any more. Without: the active one. */
  readonly snapshot?: string;
};

/** LOCKED: a command is working on it. ILLEGAL: it may not hold its data. */
export type DiskStatus = 'OK' | 'LOCKED' | 'ILLEGAL';

export type DiskRecord = {
  readonly id: string;
  /** Null: a disk of no VM. */
  readonly vm: string | null;
  /** The storage domain that holds its image. */
  readonly domain: string;
  /** From the base to the active one. */
  readonly volumes: readonly VolumeRecord[];
  /** Bytes. */
  readonly size: number;
  readonly status: DiskStatus;
  /** What it is for, if not for a guest to write to: a template's disk, which nobody writes to any more; or what the memory of a suspended VM is kept in. */
  readonly use?: 'template' | 'memory';
};

/** `imageLocked`: its disks are being made. `poweringUp`: it is being started. `savingState`: its memory is being saved; `suspended`: it was, and the VM does not run. */
export type VmState = 'up' | 'down' | 'suspended' | 'imageLocked' | 'poweringUp' | 'savingState';

/** A VM, and the host that it runs on; or ran on last, or is to run on. */
export type VmRecord = {
  readonly id: string;
  readonly host: string;
  readonly state: VmState;
  readonly disks: readonly string[];
  /** The disks that hold the memory of a suspended VM, and what else its host must know to let it go on. */
  readonly memory?: { readonly memory: string; readonly metadata: string };
};

export type SnapshotRecord = { readonly id: string; readonly vm: string; readonly status: 'LOCKED' | 'OK' };

/** A storage pool, and the hosts that belong to it. */
export type PoolRecord = { readonly id: string; readonly hosts: readonly string[] };

/** What VMs are made from. */
export type TemplateRecord = { readonly id: string; readonly disks: readonly string[] };

/** What the engine has heard that a repository outside the pool offers. */
export type RepoImageRecord = {
  readonly id: string;
  readonly repository: string;
  /** Bytes. */
  readonly size: number;
};

export const Disk = entityKind<DiskRecord>('disk');
export const Vm = entityKind<VmRecord>('vm');
export const Snapshot = entityKind<SnapshotRecord>('snapshot');
export const Pool = entityKind<PoolRecord>('pool');
export const Template = entityKind<TemplateRecord>('template');
/** By {@link repoImageId}. */
export const RepoImage = entityKind<RepoImageRecord>('repoImage');

/** Two repositories may have images of one name. */
export function repoImageId(repository: string, image: string): string {
  return `${repository}/${image}`;
}

export function activeVolume(disk: Pick<DiskRecord, 'id' | 'volumes'>): string {
  const last = disk.volumes.at(-1);
  if (last === undefined) throw new Error(`disk ${disk.id} has no volumes`);
  return last.id;
}

export function setDiskStatus(entities: EntityView, disks: readonly string[], status: DiskStatus): void {
  for (const id of disks) entities.update(Disk, id, (disk) => ({ ...disk, status }));
}
