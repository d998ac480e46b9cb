import type { Section } from '../row.js';

export const ovirt3Vms: Section = {
  title: 'Flows on VMs and templates',
  page: 'ovirt-facts.md',
  rows: [],
};
