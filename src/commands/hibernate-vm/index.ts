import { defineCommand } from '../../model/command.js';
import { hibernateVmParams } from './params.js';
import { saveMemory } from './save-memory.js';

/** Suspends a running VM. RunVm lets it go on where it was. */
export const HibernateVm = defineCommand({
  type: 'HibernateVm',
  params: hibernateVmParams,
  locks: ({ vm }) => [{ key: `vm/${vm}`, mode: 'exclusive' }],
})
  .step(saveMemory)
  .build();
