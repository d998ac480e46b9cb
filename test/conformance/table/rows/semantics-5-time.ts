import type { Section } from '../row.js';

export const semantics5Time: Section = {
  title: 'Time on hosts and network',
  page: 'semantics.md',
  rows: [],
};
