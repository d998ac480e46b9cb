import { defineCommand } from '../../model/command.js';
import { runVmParams } from './params.js';
import { powerUp } from './power-up.js';
import { startVm } from './start-vm.js';

/** Starts a VM that is down, or lets one that is suspended go on. */
export const RunVm = defineCommand({
  type: 'RunVm',
  params: runVmParams,
  locks: ({ vm }) => [{ key: `vm/${vm}`, mode: 'exclusive' }],
})
  .step(powerUp)
  .step(startVm)
  .build();
