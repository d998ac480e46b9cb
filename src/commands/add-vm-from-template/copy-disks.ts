import type { EntityView } from '../../model/entity.js';
import { taskHandler } from '../../model/handler.js';
import { Disk, setDiskStatus, Template, Vm } from '../entities.js';
import { forgetNewDisks, giveUpNewDisks, mayExist, recordNewDisks, type NewDisk } from '../new-disks.js';
import { probeStorage } from '../probe-storage.js';
import type { AddVmFromTemplateParams } from './params.js';

/** A disk of the template, and its copy. */
type Copy = { readonly disk: string; readonly source: string; readonly copy: NewDisk };

/** The only step: copies of all the disks, in parallel; when one fails, those beside it are stopped. Undone by removing what was copied, and the VM. */
export const copyDisks = taskHandler<AddVmFromTemplateParams>()({
  name: 'copyDisks',

  beforeTask: ({ params: { template, vm, host, domain }, entities, newId }): readonly Copy[] => {
    if (entities.find(Vm, vm) !== undefined) throw new Error(`there is a VM ${vm} already`);
    const copies = entities.get(Template, template).disks.map((id, i): Copy => {
      const disk = entities.get(Disk, id);
      if (disk.status !== 'OK') throw new Error(`disk ${id} of template ${template} is ${disk.status}`);
      return { disk: id, source: disk.domain, copy: { id: newId(`disk${i + 1}`), domain, volumes: disk.volumes, size: disk.size } };
    });
    recordNewDisks(entities, newDisks(copies), { vm });
    entities.put(Vm, vm, { id: vm, host, state: 'imageLocked', disks: newDisks(copies).map(({ id }) => id) });
    return copies;
  },

  createTask: ({ params: { pool }, before }) =>
    before.map(({ disk, source, copy: { id, domain } }) => ({
      verb: 'copyImage',
      args: { disk, source, copy: id, target: domain },
      pool,
      entity: `disk/${id}`,
    })),

  // On hosts that make their own task ids.
  probe: (ctx) => probeStorage(ctx.params.host, ctx),

  endSuccessfully: ({ params: { vm }, before, entities }) => {
    setDiskStatus(entities, newDisks(before).map(({ id }) => id), 'OK');
    entities.update(Vm, vm, (record) => ({ ...record, state: 'down' as const }));
  },

  endWithFailure: ({ before, failure, params: { pool, vm }, entities }) => {
    if (before === undefined) return undefined;
    const disks = newDisks(before);
    const onStorage = mayExist(disks, failure);
    if (onStorage.length === 0) forgetVm(entities, vm, disks);
    return giveUpNewDisks(entities, pool, disks, onStorage);
  },

  compensate: ({ before, params: { pool }, entities }) => giveUpNewDisks(entities, pool, newDisks(before), newDisks(before)),

  // What could not be removed keeps its record, and so does the VM that it is of.
  compensationEnded: ({ before, revert, params: { vm }, entities }) => {
    if (before !== undefined && revert.error === null) forgetVm(entities, vm, newDisks(before));
  },
});

function newDisks(copies: readonly Copy[]): readonly NewDisk[] {
  return copies.map(({ copy }) => copy);
}

function forgetVm(entities: EntityView, vm: string, disks: readonly NewDisk[]): void {
  forgetNewDisks(entities, disks);
  entities.remove(Vm, vm);
}
