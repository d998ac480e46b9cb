import type { Section } from '../row.js';

export const vdsm3: Section = {
  title: 'Concurrency and verbs',
  page: 'vdsm-facts.md',
  rows: [],
};
