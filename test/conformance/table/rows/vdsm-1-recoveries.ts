import type { Section } from '../row.js';

export const vdsm1Recoveries: Section = {
  title: 'Tasks: recoveries and persistence',
  page: 'vdsm-facts.md',
  rows: [],
};
