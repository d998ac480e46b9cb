import { defineCommand } from '../../model/command.js';
import { copyDisks } from './copy-disks.js';
import { addVmFromTemplateParams } from './params.js';

/** Makes a VM, which is down, with copies of a template's disks. Others may make VMs from the same template meanwhile. */
export const AddVmFromTemplate = defineCommand({
  type: 'AddVmFromTemplate',
  params: addVmFromTemplateParams,
  locks: ({ vm, template }) => [
    { key: `vm/${vm}`, mode: 'exclusive' },
    { key: `template/${template}`, mode: 'shared' },
  ],
})
  .step(copyDisks)
  .build();
