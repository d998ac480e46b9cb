import type { Section } from '../row.js';

export const vdsm1States: Section = {
  title: 'Tasks: states, wire values, control verbs, codes',
  page: 'vdsm-facts.md',
  rows: [],
};
