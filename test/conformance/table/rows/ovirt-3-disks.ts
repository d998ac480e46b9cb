import type { Section } from '../row.js';

export const ovirt3Disks: Section = {
  title: 'Flows on disks',
  page: 'ovirt-facts.md',
  rows: [],
};
