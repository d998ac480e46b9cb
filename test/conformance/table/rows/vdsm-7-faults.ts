import type { Section } from '../row.js';

export const vdsm7Faults: Section = {
  title: 'Faults and what must be seen',
  page: 'vdsm-facts.md',
  rows: [],
};
