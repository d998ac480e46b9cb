import { z } from 'zod';
import { id } from '../ids.js';

/** Makes a VM of its own from a template: with copies of the template's disks. */
export const addVmFromTemplateParams = z.strictObject({
  /** The storage pool that all the domains belong to. */
  pool: id,
  template: id,
  /** The id of the VM that is to be. */
  vm: id,
  /** The host that it is to run on. */
  host: id,
  /** Where its disks are to be. */
  domain: id,
});

export type AddVmFromTemplateParams = z.output<typeof addVmFromTemplateParams>;
