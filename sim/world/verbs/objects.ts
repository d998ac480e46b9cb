import type { SignedEffect } from '../ledger.js';

// How the ledger names what verbs make and remove.

export function imageObject(domain: string, disk: string): string {
  return `image:${domain}/${disk}`;
}

/** The disk's data, as against the empty structure that waits for it. */
export function contentObject(domain: string, disk: string): string {
  return `content:${domain}/${disk}`;
}

export function volumeObject(domain: string, disk: string, volume: string): string {
  return `volume:${domain}/${disk}/${volume}`;
}

/** What is there of a volume while it is being created. */
export function halfBakedObject(domain: string, disk: string, volume: string): string {
  return `halfBaked:${domain}/${disk}/${volume}`;
}

export function replicationObject(vm: string, disk: string): string {
  return `replication:${vm}/${disk}`;
}

export function pivotObject(vm: string, disk: string): string {
  return `pivot:${vm}/${disk}`;
}

export function snapshotObject(vm: string, snapshot: string): string {
  return `snapshot:${vm}/${snapshot}`;
}

/** Of a VM that was started, as against one that ran from the beginning. */
export function runningObject(vm: string): string {
  return `running:${vm}`;
}

export function suspendedObject(vm: string): string {
  return `suspended:${vm}`;
}

export function plus(verb: string, object: string): SignedEffect {
  return { sign: '+', verb, object };
}

export function minus(verb: string, object: string): SignedEffect {
  return { sign: '-', verb, object };
}
