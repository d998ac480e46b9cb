import type { StoragePort } from '../../actors/storage-port.js';
import { GENERAL_FAILURE } from '../../actors/wire.js';

const DEAD = { ok: false as const, code: GENERAL_FAILURE, message: 'the host is dead' };

/** Shared storage as one incarnation of a host reaches it: when that is dead, nothing of it is written any more, not even by the turn in which it dies. */
export function storageOfLife(storage: StoragePort, life: { readonly alive: boolean }): StoragePort {
  return {
    witness: (stamp) => (life.alive ? storage.witness(stamp) : null),
    lease: (pool) => storage.lease(pool),
    takeLease: (pool, by, now, lasts) => (life.alive ? storage.takeLease(pool, by, now, lasts) : null),
    renewLease: (hold, now, lasts) => life.alive && storage.renewLease(hold, now, lasts),
    releaseLease: (hold) => life.alive && storage.releaseLease(hold),
    admit: (hold, stamp) => (life.alive ? storage.admit(hold, stamp) : 'leaseLost'),
    tasks: (pool) => storage.tasks(pool),
    saveTask: (hold, task) => life.alive && storage.saveTask(hold, task),
    clearTask: (hold, taskId) => life.alive && storage.clearTask(hold, taskId),
    loseTask: (hold, taskId) => life.alive && storage.loseTask(hold, taskId),
    fenceOf: (pool, taskId) => storage.fenceOf(pool, taskId),
    refuseTask: (hold, taskId, refusal) => life.alive && storage.refuseTask(hold, taskId, refusal),
    refusalOf: (pool, taskId) => storage.refusalOf(pool, taskId),
    hasDomain: (pool, domain) => storage.hasDomain(pool, domain),
    perform: (work, part) => (life.alive ? storage.perform(work, part) : DEAD),
    recover: (work, recoveries, failing) => (life.alive ? storage.recover(work, recoveries, failing) : 'leaseLost'),
    read: (verb, args, host) => storage.read(verb, args, host),
  };
}
