import { defineCommand } from '../../model/command.js';
import { createAllSnapshotsParams, type CreateAllSnapshotsParams } from './params.js';
import { snapshotStep } from './snapshot-step.js';

/** A snapshot of disks of a VM, which runs or is down. */
export const CreateAllSnapshotsFromVm = defineCommand({
  type: 'CreateAllSnapshotsFromVm',
  params: createAllSnapshotsParams,
  locks: ({ vm, disks }) => [{ key: `vm/${vm}`, mode: 'exclusive' }, ...disks.map((disk) => ({ key: `disk/${disk}`, mode: 'exclusive' as const }))],
})
  .step(snapshotStep<CreateAllSnapshotsParams>({ objection: () => null, afterwards: 'OK' }))
  .build();
