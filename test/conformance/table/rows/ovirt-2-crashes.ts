import type { Section } from '../row.js';

export const ovirt2Crashes: Section = {
  title: 'Restart and crash points',
  page: 'ovirt-facts.md',
  rows: [],
};
