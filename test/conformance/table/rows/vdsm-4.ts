import type { Section } from '../row.js';

export const vdsm4: Section = {
  title: 'Error codes',
  page: 'vdsm-facts.md',
  rows: [],
};
