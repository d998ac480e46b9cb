import type { Section } from '../row.js';

export const semantics5Hosts: Section = {
  title: 'Hosts and their tasks',
  page: 'semantics.md',
  rows: [],
};
